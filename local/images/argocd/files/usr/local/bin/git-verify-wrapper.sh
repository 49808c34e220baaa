#!/bin/sh
# Argo CD asks of each commit what its signature is, whether or not anybody wants one. None is signed here, and GnuPG is left out.
exit 0
