"""Table 3: kernel machines that fit every training label.

  python launch/table3.py
  python launch/table3.py --rows=mnist_raw --data_dir=DIR
  python launch/table3.py --rows='cifar10_*' --filters=4000 --data_dir=DIR
  python launch/table3.py --rows='*_convnet' --filters=100,400,1600

Rows: sample_raw, sample_gabor, sample_convnet (the embedded 5,000 images, the
default), and mnist_raw, cifar10_raw (kernels of the first author's width),
mnist_gabor, cifar10_raw_chosen (of a width chosen on held-out images),
cifar10_convnet. All of MNIST takes 17 GB. The random networks are fitted
without a ridge and with one. Several numbers of filters make rows each, and a
figure of the error over them, with a trend that is extrapolated to the paper's
32,000.
"""

from rethink_keras.cli import table3

if __name__ == "__main__":
    table3.start()
