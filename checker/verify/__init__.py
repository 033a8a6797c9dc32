"""The authors' proof: every lab with its starter, solution, right and wrong versions, as its checks see them."""

from checker.verify.proof import LabProof, Proof, RowProof, State
from checker.verify.repeat import Repeated, repeat
from checker.verify.scaffold import lay_out
from checker.verify.verify import verify

__all__ = ["LabProof", "Proof", "Repeated", "RowProof", "State", "lay_out", "repeat", "verify"]
