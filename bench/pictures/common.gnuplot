# What the pictures have in common. The caller defines `scripts`, the directory of this file,
# `columns`, that of the data, and `to`, that of the picture.

# Readable on any page: the ground is white.
set encoding utf8
set terminal svg size 860, 560 font "Helvetica, Arial, sans-serif, 14" linewidth 1.5 background "white"
set border 3 linecolor rgb "#404040"
set tics nomirror out
set grid linetype 1 linecolor rgb "#dddddd" linewidth 0.5

# Colours that also the colour-blind tell apart. What is ours comes last, in the strong ones.
blue = 0x0072b2
sky = 0x56b4e9
green = 0x009e73
yellow = 0xe0a800
orange = 0xd55e00
purple = 0xaa4499
grey = 0x888888
black = 0x000000

# How many blocks of columns a file has, 0 if it is empty.
blocks(file) = system(sprintf("grep -c '^\"' '%s'", file)) + 0
