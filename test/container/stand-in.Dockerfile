# Debian's HAProxy and Prometheus, where the images that docker-compose.yml names can't be had.
FROM node:24-bookworm-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends haproxy prometheus \
  && mkdir -p /prometheus && chown nobody:nogroup /prometheus
