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
USER nobody
WORKDIR /work
EXPOSE 8000
HEALTHCHECK --interval=5s --start-period=20s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/__mock__/health')"]
ENTRYPOINT ["mockserver"]
# From outside the container the control plane asks for a token: add --control-token.
CMD ["serve", "--host", "0.0.0.0"]
