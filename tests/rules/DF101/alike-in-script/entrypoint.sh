#!/bin/sh
chown app /data
exec gosu app "$@"
