#!/bin/sh
# Stands for a C compiler and an archiver of another system: makes the file that either is
# asked for, empty. What is only checked is never linked.
before=
for word; do
    case $word in -out:*) : >"${word#-out:}" ;; esac
    case $before in -o | cq*) : >"$word" ;; esac
    before=$word
done
