"""Functions of tensors that become graphs."""

import tensorflow as tf

# For functions without Python control flow over tensors. AutoGraph would take
# longer than tracing them, and change nothing.
as_written = tf.autograph.experimental.do_not_convert
