"""Owns who is told of what: notices in the product and their mails, once for each person and fact.

Upper apps register the kinds of notice and say whom to tell; cover is followed here.
Never decides anything: a notice that is lost costs attention, not truth.
"""
