"""Claims of the paper that training runs can test.

The numbers S1 to S17 follow an overview of the paper. Claims about the theory
are in `theory_claims`.
"""

from rethink_keras.report import fitting_claims, generalization_claims
from rethink_keras.report.evidence import Evidence
from rethink_keras.report.verdicts import Claims

CLAIMS: Claims[Evidence] = Claims(
    fitting_claims.CLAIMS, generalization_claims.CLAIMS
)
