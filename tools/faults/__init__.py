"""`make faults`: whether what was confirmed survives a kill, a loss of power, a full disk and a damaged file.

Real processes write below a folder of their own and say what they confirm; what is there afterwards is compared.
"""
