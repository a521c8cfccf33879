# Uses only syntax that older builders support.

FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# An npm registry mirror, if the builder needs one.
ARG npm_config_registry
RUN npm ci --no-audit --no-fund

# Watch mode: mount src over /app/src, and each change restarts the service. --no-shell, since Nest otherwise needs ps.
FROM packages AS development
ENV NODE_ENV=development HOST=0.0.0.0
COPY tsconfig.json tsconfig.build.json nest-cli.json ./
COPY config config
COPY src src
RUN npm run build
EXPOSE 5000
CMD ["node", "node_modules/@nestjs/cli/bin/nest.js", "start", "--watch", "--no-shell"]

FROM development AS build
# --omit=optional removes typescript, an optional peer of @nestjs/swagger. Declarations, sources and maps are never loaded.
RUN npm prune --omit=dev --omit=optional --no-audit --no-fund \
  && find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' \) -delete \
  && find node_modules -type d -empty -delete

FROM node:24-bookworm-slim AS production
ARG VERSION=unknown
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="kasem-time-series" \
      org.opencontainers.image.description="The algorithm endpoint behind KasemInterface" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.source="$SOURCE" \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
COPY config config
COPY examples examples
# Nothing is installed at run time. Software that is not in the image needs no patches.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
  /opt/yarn* /usr/local/bin/yarn /usr/local/bin/yarnpkg
USER node
EXPOSE 5000
# Starting the probe's process takes seconds on a busy host. The probe has its own timeout, because engines leave an overdue
# probe running, which counts towards memory and pids.
HEALTHCHECK --interval=10s --timeout=10s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 5000}/health/live`, { signal: AbortSignal.timeout(5000) }).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
