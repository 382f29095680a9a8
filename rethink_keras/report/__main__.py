r"""Writes the report of all finished runs.

python -m rethink_keras.report --logdir=tensorboard_logs
"""

from rethink_keras.cli import report

if __name__ == "__main__":
    report.start()
