"""Section 2.2: measures Rademacher complexity and uniform stability.

  python launch/complexity.py
  python launch/complexity.py --rows=stability

Rows: rademacher, stability. Both use at most 1,000 training images.
"""

from rethink_keras.cli import complexity

if __name__ == "__main__":
    complexity.start()
