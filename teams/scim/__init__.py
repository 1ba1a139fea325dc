"""SCIM 2.0 as a language: filters, patches, documents. Knows no rights and changes nothing.

Sources: RFC 7643 (schema), RFC 7644 (protocol), read 2026-11.
"""
