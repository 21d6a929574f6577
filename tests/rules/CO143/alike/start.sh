#!/bin/sh
chown -R shop /data
exec gosu shop "$@"
