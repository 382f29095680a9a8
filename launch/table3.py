"""Table 3: kernel machines that fit every training label.

  python launch/table3.py
  python launch/table3.py --rows=mnist_raw --data_dir=DIR
  python launch/table3.py --rows='cifar10_*' --filters=4000 --data_dir=DIR
  python launch/table3.py --rows='*_convnet' --filters=100,400,1600

Rows on the embedded 5,000 images (the default): sample_raw, sample_gabor,
sample_convnet.

Rows on full data sets:

  mnist_raw, cifar10_raw           pixels, with the first author's gamma
  mnist_gabor, cifar10_raw_chosen  gamma chosen on held-out training images
  cifar10_convnet                  random network, without and with a ridge

All of MNIST needs 17 GB of memory. With several numbers of filters, each has a
row, and a figure extrapolates the error to the paper's 32,000 filters.
"""

from rethink_keras.cli import table3

if __name__ == "__main__":
    table3.start()
