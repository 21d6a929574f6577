#!/bin/sh
export STAGE=live
exec uvicorn app.main:app --host 0.0.0.0
