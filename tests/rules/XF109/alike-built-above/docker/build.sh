#!/bin/sh
docker build -f docker/celery/Dockerfile .
