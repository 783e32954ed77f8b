"""Imported names of well-known packages whose names do not say them, by ecosystem. Own data, from the packages."""

from __future__ import annotations

from collections.abc import Mapping

_PYTHON = """
absl-py absl
antlr4-python3-runtime antlr4
apache-airflow airflow
apache-flink pyflink
apache-superset superset
argon2-cffi argon2
attrs attr,attrs
auth0-python auth0
avro-python3 avro
beautifulsoup4 bs4
biopython Bio
black black,blackd
cattrs cattr,cattrs
cheetah3 Cheetah
cython Cython,cython
discord-py discord
django-allauth allauth
django-cors-headers corsheaders
django-crispy-forms crispy_forms
django-debug-toolbar debug_toolbar
django-environ environ
django-filter django_filters
django-guardian guardian
django-haystack haystack
django-model-utils model_utils
django-mptt mptt
django-oauth-toolkit oauth2_provider
django-rest-framework rest_framework
django-storages storages
django-taggit taggit
djangorestframework rest_framework
djangorestframework-simplejwt rest_framework_simplejwt
dnspython dns
docker-py docker
docopt-ng docopt
enum34 enum
factory-boy factory
faiss-cpu faiss
faiss-gpu faiss
ffmpeg-python ffmpeg
gitpython git
google-api-core google.api_core
google-api-python-client googleapiclient,apiclient
google-auth google.auth,google.oauth2
google-cloud-pubsub google.cloud.pubsub,google.cloud.pubsub_v1,google.pubsub
google-generativeai google.generativeai
graphql-core graphql
grpcio grpc
grpcio-health-checking grpc_health
grpcio-tools grpc_tools
imbalanced-learn imblearn
ipython IPython
kafka-python kafka
kafka-python-ng kafka
launchdarkly-server-sdk ldclient
levenshtein Levenshtein
m2crypto M2Crypto
markdown-it-py markdown_it
matplotlib matplotlib,mpl_toolkits,pylab
mkdocs-material material
msgpack-python msgpack
mysql-connector-python mysql.connector
mysql-python MySQLdb
mysqlclient MySQLdb
nvidia-ml-py pynvml
opencv-contrib-python cv2
opencv-contrib-python-headless cv2
opencv-python cv2
opencv-python-headless cv2
opensearch-py opensearchpy
pdfminer-six pdfminer
phonenumberslite phonenumbers
pillow PIL
pillow-simd PIL
pip-tools piptools
progressbar2 progressbar
protobuf google.protobuf
psycopg-binary psycopg
psycopg2-binary psycopg2
py-cpuinfo cpuinfo
pycrypto Crypto
pycryptodome Crypto
pycryptodomex Cryptodome
pyenchant enchant
pygithub github
pygobject gi
pyhamcrest hamcrest
pyinstaller PyInstaller
pyjwt jwt
pykerberos kerberos
pymongo pymongo,bson,gridfs
pymupdf fitz,pymupdf
pynacl nacl
pyobjc objc
pyopengl OpenGL
pyopenssl OpenSSL
pypdf2 PyPDF2
pyqt5 PyQt5
pyqt6 PyQt6
pyreadline3 readline,pyreadline3
pyserial serial
pyshp shapefile
pysocks socks,sockshandler
pytest _pytest,pytest
pytest-runner ptr
python-barcode barcode
python-bidi bidi
python-consul consul
python-crontab crontab
python-dateutil dateutil
python-decouple decouple
python-docx docx
python-dotenv dotenv
python-editor editor
python-engineio engineio
python-frontmatter frontmatter
python-gitlab gitlab
python-gnupg gnupg
python-jose jose
python-json-logger pythonjsonlogger
python-keystoneclient keystoneclient
python-ldap ldap
python-levenshtein Levenshtein
python-logstash logstash
python-lsp-server pylsp
python-magic magic
python-memcached memcache
python-multipart multipart,python_multipart
python-novaclient novaclient
python-pptx pptx
python-rapidjson rapidjson
python-slugify slugify
python-snappy snappy
python-socketio socketio
python-telegram-bot telegram
python-ulid ulid
python-xlib Xlib
pywavelets pywt
pywin32 win32api,win32con,win32gui,pythoncom,pywintypes,win32com
pyyaml yaml
pyzmq zmq
redis-py-cluster rediscluster
rpi-gpio RPi.GPIO
ruamel-yaml-clib _ruamel_yaml
scikit-bio skbio
scikit-image skimage
scikit-learn sklearn
scikit-optimize skopt
setuptools setuptools,pkg_resources
skia-python skia
snowflake-connector-python snowflake.connector
snowflake-sqlalchemy snowflake.sqlalchemy
speechrecognition speech_recognition
suds-community suds
suds-jurko suds
tensorflow-cpu tensorflow
tensorflow-gpu tensorflow
tensorflow-macos tensorflow
u-msgpack-python umsgpack
umap-learn umap
uwsgi uwsgi,uwsgidecorators
websocket-client websocket
"""

#: Modules of Python packages, by the name of PEP 503.
PYTHON_MODULES: Mapping[str, tuple[str, ...]] = {
    package: tuple(modules.split(",")) for package, modules in map(str.split, _PYTHON.strip().splitlines())
}

#: Prefixes of package names whose modules are all in the same namespace package.
PYTHON_NAMESPACES: Mapping[str, str] = {
    "google-cloud-": "google.cloud",
    "azure-": "azure",
    "zope-": "zope",
    "jaraco-": "jaraco",
    "backports-": "backports",
    "sphinxcontrib-": "sphinxcontrib",
    "ruamel-": "ruamel",
}

_JAVA = """
ch.qos.logback/logback-classic ch.qos.logback.classic
ch.qos.logback/logback-core ch.qos.logback.core
com.alibaba/fastjson com.alibaba.fastjson
com.fasterxml.jackson.core/jackson-annotations com.fasterxml.jackson.annotation
com.fasterxml.jackson.core/jackson-core com.fasterxml.jackson.core
com.fasterxml.jackson.core/jackson-databind com.fasterxml.jackson.databind
com.github.ben-manes.caffeine/caffeine com.github.benmanes.caffeine
com.google.code.findbugs/annotations edu.umd.cs.findbugs.annotations
com.google.code.findbugs/jsr305 javax.annotation
com.google.code.gson/gson com.google.gson
com.google.guava/guava com.google.common
com.google.inject/guice com.google.inject
com.google.protobuf/protobuf-java com.google.protobuf
com.googlecode.json-simple/json-simple org.json.simple
com.h2database/h2 org.h2
com.jayway.jsonpath/json-path com.jayway.jsonpath
com.mysql/mysql-connector-j com.mysql
com.squareup.okhttp3/okhttp okhttp3
com.squareup.retrofit2/retrofit retrofit2
com.sun.mail/javax.mail javax.mail
com.thoughtworks.xstream/xstream com.thoughtworks.xstream
com.zaxxer/HikariCP com.zaxxer.hikari
commons-beanutils/commons-beanutils org.apache.commons.beanutils
commons-codec/commons-codec org.apache.commons.codec
commons-collections/commons-collections org.apache.commons.collections
commons-fileupload/commons-fileupload org.apache.commons.fileupload
commons-httpclient/commons-httpclient org.apache.commons.httpclient
commons-io/commons-io org.apache.commons.io
commons-lang/commons-lang org.apache.commons.lang
commons-logging/commons-logging org.apache.commons.logging
io.vavr/vavr io.vavr
jakarta.inject/jakarta.inject-api jakarta.inject
jakarta.persistence/jakarta.persistence-api jakarta.persistence
jakarta.servlet/jakarta.servlet-api jakarta.servlet
jakarta.validation/jakarta.validation-api jakarta.validation
javax.inject/javax.inject javax.inject
javax.persistence/javax.persistence-api javax.persistence
javax.servlet/javax.servlet-api javax.servlet
javax.validation/validation-api javax.validation
joda-time/joda-time org.joda.time
junit/junit org.junit,junit
log4j/log4j org.apache.log4j
mysql/mysql-connector-java com.mysql
net.bytebuddy/byte-buddy net.bytebuddy
net.sf.ehcache/ehcache net.sf.ehcache
org.apache.commons/commons-collections4 org.apache.commons.collections4
org.apache.commons/commons-compress org.apache.commons.compress
org.apache.commons/commons-csv org.apache.commons.csv
org.apache.commons/commons-lang3 org.apache.commons.lang3
org.apache.commons/commons-math3 org.apache.commons.math3
org.apache.commons/commons-text org.apache.commons.text
org.apache.httpcomponents/httpclient org.apache.http
org.apache.httpcomponents.client5/httpclient5 org.apache.hc.client5
org.apache.kafka/kafka-clients org.apache.kafka.clients,org.apache.kafka.common
org.apache.logging.log4j/log4j-api org.apache.logging.log4j
org.apache.logging.log4j/log4j-core org.apache.logging.log4j.core
org.assertj/assertj-core org.assertj.core
org.bouncycastle/bcprov-jdk15on org.bouncycastle
org.bouncycastle/bcprov-jdk18on org.bouncycastle
org.codehaus.jackson/jackson-mapper-asl org.codehaus.jackson
org.hamcrest/hamcrest org.hamcrest
org.hibernate/hibernate-core org.hibernate
org.hibernate.orm/hibernate-core org.hibernate
org.jetbrains.kotlin/kotlin-stdlib kotlin
org.jetbrains.kotlinx/kotlinx-coroutines-core kotlinx.coroutines
org.jooq/jooq org.jooq
org.json/json org.json
org.jsoup/jsoup org.jsoup
org.junit.jupiter/junit-jupiter org.junit.jupiter
org.junit.jupiter/junit-jupiter-api org.junit.jupiter.api
org.mapstruct/mapstruct org.mapstruct
org.mockito/mockito-core org.mockito
org.modelmapper/modelmapper org.modelmapper
org.postgresql/postgresql org.postgresql
org.powermock/powermock-core org.powermock
org.powermock/powermock-module-junit4 org.powermock.modules.junit4
org.projectlombok/lombok lombok
org.quartz-scheduler/quartz org.quartz
org.slf4j/slf4j-api org.slf4j
org.springframework/spring-beans org.springframework.beans
org.springframework/spring-context org.springframework.context
org.springframework/spring-core org.springframework.core
org.springframework/spring-jdbc org.springframework.jdbc
org.springframework/spring-web org.springframework.web
org.testng/testng org.testng
org.xerial/sqlite-jdbc org.sqlite
org.yaml/snakeyaml org.yaml.snakeyaml
redis.clients/jedis redis.clients.jedis
xerces/xercesImpl org.apache.xerces
"""

#: Packages of Java artifacts, by `group/artifact`.
JAVA_PACKAGES: Mapping[str, tuple[str, ...]] = {
    artifact: tuple(packages.split(",")) for artifact, packages in map(str.split, _JAVA.strip().splitlines())
}

#: Files that Ruby gems are required by, where the name of the gem does not say it.
RUBY_FILES: Mapping[str, tuple[str, ...]] = {
    "actionmailer": ("action_mailer",),
    "actionpack": ("action_controller", "action_dispatch"),
    "activejob": ("active_job",),
    "activemodel": ("active_model",),
    "activerecord": ("active_record",),
    "activesupport": ("active_support",),
    "factory_bot_rails": ("factory_bot_rails", "factory_bot"),
    "railties": ("rails",),
    "ruby-openai": ("openai",),
}
