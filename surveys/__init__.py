"""Owns surveys with their rounds and answers, and what members tell of themselves: results, and what motivates them.

Never ties an answer of an anonymous round to a person, never shows a result to whom its owner did not open it,
and never hands out a duty.
"""
