"""Exercises: the derivation of an observation with blanks (`trace.quiz()`)."""

from chainrule.glassbox.quiz.quiz import Quiz as Quiz
from chainrule.glassbox.quiz.verdict import Verdict as Verdict
