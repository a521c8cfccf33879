# Debian's HAProxy and Prometheus, for machines that cannot pull the images of docker-compose.yml.
FROM node:24-bookworm-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends haproxy prometheus \
  && mkdir -p /prometheus && chown nobody:nogroup /prometheus
