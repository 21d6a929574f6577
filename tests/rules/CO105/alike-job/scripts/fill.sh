#!/bin/bash
set -e
psql -h db -U postgres -f /scripts/rows.sql
