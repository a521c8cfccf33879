# Plain syntax that the older builders know as well.

FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# A mirror of npm's registry, where the builder needs one.
ARG npm_config_registry
RUN npm ci --no-audit --no-fund

# Watch mode: mount src over /app/src and each change is picked up. Without a shell, whose children Nest finds by ps, which is not there.
FROM packages AS development
ENV NODE_ENV=development HOST=0.0.0.0
COPY tsconfig.json tsconfig.build.json nest-cli.json ./
COPY config config
COPY src src
RUN npm run build
EXPOSE 5000
CMD ["node", "node_modules/@nestjs/cli/bin/nest.js", "start", "--watch", "--no-shell"]

FROM development AS build
# typescript is an optional peer of @nestjs/swagger, which dev alone would leave. Declarations, sources and maps are never loaded.
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
# Nothing is installed at run time; what is not there needs no patches.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
  /opt/yarn* /usr/local/bin/yarn /usr/local/bin/yarnpkg
USER node
EXPOSE 5000
# The probe starts a process, which a busy host takes seconds for. It gives up by itself, since engines leave one that is
# overdue running, and its memory and threads count.
HEALTHCHECK --interval=10s --timeout=10s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 5000}/health/live`, { signal: AbortSignal.timeout(5000) }).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
