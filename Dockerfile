# One image for all services: they share nearly everything, and Node runs the sources as they are.
# Which one a container is, its command says.
ARG NODE_IMAGE=node:26-slim
FROM ${NODE_IMAGE}
WORKDIR /app

# Manifests first: what is installed stays cached until one of them changes.
COPY package.json package-lock.json .npmrc ./
COPY libs/contracts/package.json libs/contracts/
COPY libs/platform/package.json libs/platform/
COPY services/ai-worker/package.json services/ai-worker/
COPY services/gateway/package.json services/gateway/
COPY services/history/package.json services/history/
# Tools for development are taken out of the manifests, not just omitted: `npm ci` would still insist on finding their
# binaries for every platform in the lock file, and not every registry carries those.
# No scripts: no package needs its own to run, and none of a third party's shall run as root.
RUN npm pkg delete devDependencies --workspaces --include-workspace-root \
 && npm ci --omit=dev --ignore-scripts --no-update-notifier --cache /tmp/npm \
 && rm -rf /tmp/npm

COPY libs libs
COPY services services

USER node
CMD ["node", "services/gateway/src/main.ts"]
