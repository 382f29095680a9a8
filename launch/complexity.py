"""Section 2.2: Rademacher complexity and stability, measured.

  python launch/complexity.py
  python launch/complexity.py --rows=stability

Rows: rademacher, stability. On 1,000 training images.
"""

from rethink_keras.cli import complexity

if __name__ == "__main__":
    complexity.start()
