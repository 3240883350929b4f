# The mock in a container: `docker build -t mockserver .`, then
# `docker run --rm -p 127.0.0.1:8000:8000 mockserver`. See docs/packaging.md.
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE openapi.json ./
COPY contracts contracts
COPY fixtures fixtures
COPY mockserver mockserver
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /dist .

FROM python:3.13-slim
# Which extras go in: --build-arg EXTRAS=redis,reference,verify
ARG EXTRAS=redis,reference
COPY --from=build /dist /dist
RUN pip install --no-cache-dir "$(ls /dist/*.whl)[$EXTRAS]" && rm -r /dist
# /data is the user's own: `--state /data/worlds.json` keeps the worlds in a volume.
RUN useradd --create-home mock && mkdir /work /data && chown mock /work /data
USER mock
VOLUME /data
WORKDIR /work
# Every option can be set by a variable. From outside the container the admin API asks for a token:
# MOCKSERVER_CONTROL_TOKEN=a-long-secret.
ENV MOCKSERVER_PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=5s --start-period=20s CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"MOCKSERVER_PORT\"]}/healthz')"]
ENTRYPOINT ["mockserver"]
CMD ["serve", "--host", "0.0.0.0"]
