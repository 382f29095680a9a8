"""The report: results compared with the paper's, claims and figures."""
