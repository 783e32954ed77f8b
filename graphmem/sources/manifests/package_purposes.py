"""The purposes of well-known packages and images, in the words of questions."""

from __future__ import annotations

import re
from functools import lru_cache

_PACKAGES = {
    "PostgreSQL database client": (
        "psycopg psycopg2 psycopg2-binary psycopg-binary asyncpg pg pgx postgres tokio-postgres lib/pq "
        "jackc/pgx org.postgresql:postgresql pg-promise postgresql"
    ),
    "MySQL database client": (
        "pymysql mysqlclient aiomysql mysql mysql2 go-sql-driver/mysql mysql-connector-python mysql:mysql- "
        "connector-java com.mysql:mysql-connector-j mysql_async"
    ),
    "SQLite database client": (
        "apsw aiosqlite sqlite3 better-sqlite3 rusqlite mattn/go-sqlite3 modernc.org/sqlite org.xerial:sqlite-jdbc"
    ),
    "MongoDB database client": "pymongo motor mongodb mongoose go.mongodb.org/mongo-driver mongoid",
    "Redis client": "redis aioredis ioredis go-redis redis/go-redis redis-rs redis.clients:jedis predis/predis",
    "Neo4j graph database client": "neo4j neo4j-driver neo4rs",
    "Elasticsearch client": "elasticsearch @elastic/elasticsearch opensearch-py",
    "Dolt database driver": "dolthub/driver dolthub/dolt",
    "database toolkit and ORM": (
        "sqlalchemy sqlmodel peewee tortoise-orm prisma @prisma/client typeorm sequelize drizzle-orm knex "
        "diesel sqlx sea-orm gorm.io/gorm entgo.io/ent activerecord doctrine/orm org.hibernate:hibernate-core "
        "org.hibernate.orm:hibernate-core pony"
    ),
    "database migrations": (
        "alembic flyway golang-migrate/migrate pressly/goose org.flywaydb:flyway-core node-pg-migrate refinery"
    ),
    "HTTP client": (
        "requests httpx httpx2 aiohttp urllib3 httpcore axios node-fetch got undici superagent reqwest ureq "
        "hyper-util guzzlehttp/guzzle faraday httparty com.squareup.okhttp3:okhttp"
    ),
    "HTTP library": "http http-body hyper h2 httparse",
    "web framework": (
        "flask fastapi django starlette sanic tornado bottle pyramid falcon litestar quart express koa "
        "fastify hapi @nestjs/core next nuxt axum actix-web rocket warp gin-gonic/gin labstack/echo "
        "gofiber/fiber go-chi/chi gorilla/mux rails sinatra laravel/framework symfony/framework-bundle "
        "org.springframework.boot:spring-boot-starter-web restify"
    ),
    "web server": "uvicorn gunicorn hypercorn waitress granian puma daphne",
    "user interface library": "react react-dom preact vue svelte solid-js @angular/core lit ink",
    "command-line parser": (
        "click typer argparse docopt cyclopts commander yargs clap structopt spf13/cobra urfave/cli minimist "
        "meow cac thor info.picocli:picocli"
    ),
    "configuration library": "pydantic-settings dynaconf python-dotenv dotenv spf13/viper config convict figment",
    "terminal output": (
        "rich colorama chalk textual charm.land/lipgloss charmbracelet/lipgloss charm.land/glamour "
        "charmbracelet/bubbletea charmbracelet/glamour charm.land/huh charmbracelet/huh"
    ),
    "data validation": (
        "pydantic marshmallow attrs zod joi yup ajv jsonschema validator cerberus msgspec go- playground/validator"
    ),
    "serialization": (
        "serde serde_json serde_yaml orjson msgpack com.google.code.gson:gson protobuf prost "
        "com.fasterxml.jackson.core:jackson-databind"
    ),
    "YAML parser": "pyyaml ruamel-yaml js-yaml yaml gopkg.in/yaml.v3 gopkg.in/yaml.v2 serde_yaml go.yaml.in/yaml",
    "TOML parser": "toml tomli tomlkit burntsushi/toml pelletier/go-toml",
    "logging": (
        "structlog loguru winston pino log tracing tracing-subscriber env_logger sirupsen/logrus "
        "go.uber.org/zap rs/zerolog org.slf4j:slf4j-api ch.qos.logback:logback-classic debug morgan bunyan"
    ),
    "telemetry and metrics": (
        "opentelemetry-api opentelemetry-sdk prometheus-client prom-client prometheus "
        "go.opentelemetry.io/otel go.opentelemetry.io/otel/sdk go.opentelemetry.io/otel/trace sentry-sdk "
        "@sentry/node"
    ),
    "asynchronous runtime": "anyio trio tokio async-std gevent",
    "task queue": "celery rq dramatiq arq bull bullmq sidekiq pydocket huey",
    "message broker client": (
        "pika kombu aiokafka kafka-python kafkajs amqplib segmentio/kafka-go nats-py rdkafka lapin"
    ),
    "template engine": "jinja2 mako handlebars ejs pug mustache hbs askama tera minijinja",
    "authentication": "authlib pyjwt passport jsonwebtoken python-jose next-auth bcrypt passlib golang-jwt/jwt devise",
    "cryptography": (
        "cryptography pyopenssl pynacl rustls ring openssl golang.org/x/crypto org.bouncycastle:bcprov- jdk18on"
    ),
    "TLS certificates": "certifi webpki-roots",
    "text encodings": "chardet charset-normalizer iconv-lite encoding_rs",
    "internationalised domain names": "idna",
    "test framework": (
        "pytest unittest2 nose nose2 mocha jest vitest ava tap junit junit:junit rspec minitest phpunit "
        "phpunit/phpunit org.junit.jupiter:junit-jupiter org.testng:testng stretchr/testify tape jasmine "
        "karma org.junit.jupiter:junit-jupiter-api rstest"
    ),
    "property-based tests": "hypothesis proptest quickcheck fast-check",
    "assertion library": "chai should com.google.truth:truth org.assertj:assertj-core expect.js pretty_assertions",
    "test coverage": "coverage pytest-cov nyc c8 istanbul codecov jacoco",
    "browser tests": "playwright @playwright/test selenium cypress puppeteer webdriverio",
    "HTTP tests": "supertest nock respx responses httpbin pytest-httpbin wiremock",
    "containers in tests": "testcontainers testcontainers/testcontainers-go",
    "mocks in tests": "mock pytest-mock sinon mockall org.mockito:mockito-core org.mockito:mockito-inline "
    "golang/mock data-dog/go-sqlmock",
    "linter": (
        "ruff flake8 pylint eslint tslint rubocop rubocop-minitest rubocop-performance rubocop-rspec golangci-lint "
        "stylelint biome @biomejs/biome pyflakes"
    ),
    "code formatter": "black isort prettier autopep8 yapf",
    "type checker": "mypy pyright ty typescript pyre-check pytype",
    "bundler": "webpack vite rollup esbuild parcel tsup turbo @rspack/core",
    "compiler": "babel @babel/core swc @swc/core",
    "documentation generator": (
        "sphinx mkdocs mkdocs-material typedoc vitepress docusaurus @docusaurus/core jsdoc pdoc mkautodoc"
    ),
    "build and upload of packages": "build twine hatchling setuptools wheel cibuildwheel flit",
    "git hooks": "pre-commit husky lefthook prek",
    "task runner": "tox nox invoke gulp grunt poethepoet",
    "numerical arrays": "numpy ndarray nalgebra",
    "data frames": "pandas polars pyarrow",
    "plots": "matplotlib plotly seaborn",
    "machine learning": "torch tensorflow scikit-learn transformers onnxruntime jax keras sentence-transformers",
    "language model client": (
        "openai anthropic @anthropic-ai/sdk langchain litellm google-generativeai anthropics/anthropic-sdk-go "
        "google-genai cohere ollama"
    ),
    "Model Context Protocol SDK": "mcp fastmcp @modelcontextprotocol/sdk modelcontextprotocol/go-sdk",
    "cloud client": "boto3 botocore aws-sdk azure-identity google-cloud-storage @aws-sdk/client-s3",
    "image processing": "pillow sharp image opencv-python",
    "date and time": "python-dateutil pendulum arrow moment dayjs date-fns luxon chrono time olebedev/when",
    "WebSocket library": "websockets ws socket.io tokio-tungstenite gorilla/websocket websocket-client",
    "GraphQL library": "graphql strawberry-graphql ariadne graphene apollo-server async-graphql",
    "RPC library": "grpcio tonic google.golang.org/grpc io.grpc:grpc-netty",
    "error handling": "anyhow thiserror eyre",
    "file watcher": "watchfiles watchdog chokidar notify fsnotify/fsnotify",
    "HTML parser": "beautifulsoup4 lxml cheerio jsdom html5lib nokogiri",
    "middleware": "tower tower-http tower-service tower-layer body-parser cookie-parser cors helmet",
    "SOCKS proxy": "pysocks socksio",
    "compression": "brotli brotlicffi zstandard flate2 compression",
    "user and platform folders": "platformdirs appdirs",
    "file locks": "filelock gofrs/flock",
    "retries": "tenacity backoff cenkalti/backoff",
}
_IMAGES = {
    "PostgreSQL database": "postgres postgresql postgis pgvector timescaledb",
    "MySQL database": "mysql mariadb",
    "MongoDB database": "mongo mongodb",
    "Redis cache": "redis valkey",
    "Neo4j graph database": "neo4j",
    "message broker": "rabbitmq kafka nats cp-kafka redpanda",
    "search server": "elasticsearch opensearch meilisearch typesense solr",
    "web server": "nginx caddy httpd traefik",
    "metrics": "prometheus grafana",
    "traces": "jaeger all-in-one otel-collector opentelemetry-collector",
    "object storage": "minio",
    "vector database": "qdrant weaviate chroma milvus",
}
_BY_PACKAGE = {name: purpose for purpose, names in _PACKAGES.items() for name in names.split()}
_BY_IMAGE = {name: purpose for purpose, names in _IMAGES.items() for name in names.split()}
#: Purposes of packages that only developers need, wherever a manifest lists them.
DEVELOPMENT = frozenset(
    {
        *("test framework", "property-based tests", "assertion library", "test coverage", "browser tests"),
        *("HTTP tests", "containers in tests", "mocks in tests", "linter", "code formatter", "type checker"),
        *("documentation generator", "build and upload of packages", "git hooks"),
    }
)
_MAJOR = re.compile(r"/v\d+$")


@lru_cache(maxsize=10_000)
def purpose_of_package(name: str) -> str:
    """The purpose of a package (`HTTP client`); empty if the list lacks the package."""
    full = _MAJOR.sub("", name.casefold())
    shorter = full.split("/", 1)[-1] if full.count("/") > 1 else full
    return _BY_PACKAGE.get(full) or _BY_PACKAGE.get(shorter) or ""


def purpose_of_image(image: str) -> str:
    """The purpose of a container image (`PostgreSQL database`); empty if the list lacks the image."""
    name = image.rpartition("/")[2].partition(":")[0].casefold()
    return _BY_IMAGE.get(name, "")
