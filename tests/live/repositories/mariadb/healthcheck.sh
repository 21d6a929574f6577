#!/bin/sh
# That of the official image, as far as it is asked: over TCP, which there is none of while data is made.
exec mariadb-admin ping --protocol=tcp --host=127.0.0.1 --silent
