#!/bin/sh
git describe --tags > version.txt
