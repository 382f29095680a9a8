"""The claims about the paper that training runs can test.

Claims are numbered as in an overview that readers start from; those of the
theory are in `theory_claims`.
"""

from rethink_keras.report import fitting_claims, generalization_claims
from rethink_keras.report.evidence import Evidence
from rethink_keras.report.verdicts import Claims

CLAIMS: Claims[Evidence] = Claims(
    fitting_claims.CLAIMS, generalization_claims.CLAIMS
)
