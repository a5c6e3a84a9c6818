"""Texts for people in several languages: English is written in the code, the others are catalogues beside this file."""
