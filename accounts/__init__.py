"""The account service: who exists, what they may do, and the credentials that say so."""
