"""Bare mechanism that every app stands on: errors, clock, ids, jobs, registries, outbound HTTP.

Has no models and imports none of our apps; what lives here is needed by two apps and names no domain noun.
Lower floors reach higher ones only through the ports and registries declared here.
"""
