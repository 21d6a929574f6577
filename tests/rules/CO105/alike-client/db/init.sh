#!/bin/bash
psql -h db -f /schema.sql
