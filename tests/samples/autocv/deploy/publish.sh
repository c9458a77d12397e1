#!/bin/sh
# Builds the image of one version and pushes it; LATEST=yes makes it the newest one too.
#   deploy/publish.sh IMAGE VERSION
set -eu

image=$1
version=$2

if [ -n "${REGISTRY_PASSWORD:-}" ]; then
  echo "$REGISTRY_PASSWORD" | docker login --username "$REGISTRY_USER" --password-stdin "${image%%/*}"
fi
docker build --build-arg "REVISION=$CI_COMMIT_SHORT_SHA" --tag "$image:$version" .
docker push "$image:$version"
if [ "${LATEST:-no}" = yes ]; then
  docker tag "$image:$version" "$image:latest"
  docker push "$image:latest"
fi
