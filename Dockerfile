# Two images from one file: `training` runs the pipelines, `serving` answers requests and carries
# nothing that trains.
#
#   docker build --target training -t movie-roulette-training .
#   docker build --target serving --build-arg MOVIE_ROULETTE_REVISION="$(git rev-parse HEAD)" .
#
# State lives in the volume /app/var.

FROM python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b AS base
ENV PYTHONUNBUFFERED=1
WORKDIR /app
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent roulette \
    && install --directory --owner=roulette var

FROM base AS installer
COPY requirements/bootstrap.txt requirements/
RUN python -m venv /opt/installer \
    && /opt/installer/bin/pip install --no-cache-dir --require-hashes -r requirements/bootstrap.txt
ENV UV="/opt/installer/bin/uv pip sync --no-cache --require-hashes --compile-bytecode \
--build-constraints requirements/bootstrap.txt --python /app/.venv/bin/python"

FROM installer AS training-environment
COPY requirements/training.txt requirements/
RUN python -m venv --without-pip .venv && ${UV} requirements/training.txt

FROM installer AS serving-environment
COPY requirements/serving.txt requirements/
RUN python -m venv --without-pip .venv && ${UV} requirements/serving.txt

# The sample, as data.dvc records it. There is no git here for DVC to look at.
FROM training-environment AS data
COPY data.dvc .dvcignore ./
COPY .dvc/config .dvc/config
COPY .dvcstore .dvcstore
RUN printf '[core]\n    no_scm = true\n' > .dvc/config.local && .venv/bin/dvc pull --quiet data.dvc

FROM base AS training
COPY --from=training-environment /app/.venv .venv
COPY --from=data /app/data data
COPY environment.py run_pipeline.py params.yaml data.dvc ./
COPY configs configs
COPY expectations expectations
COPY recommender recommender
COPY alerts alerts
COPY simulation simulation
COPY events events
COPY monitoring monitoring
COPY tracking tracking
COPY steps steps
COPY pipelines pipelines
# Compiled here, since the user of the image may not write; without it starts are slower.
RUN .venv/bin/python -m compileall -q environment.py run_pipeline.py alerts events \
    expectations monitoring recommender simulation tracking steps pipelines
ARG MOVIE_ROULETTE_REVISION=
ENV MOVIE_ROULETTE_REVISION=${MOVIE_ROULETTE_REVISION} \
    GIT_PYTHON_REFRESH=quiet
USER 10001
VOLUME /app/var
HEALTHCHECK NONE
ENTRYPOINT [".venv/bin/python", "run_pipeline.py"]

FROM base AS serving
COPY --from=serving-environment /app/.venv .venv
COPY environment.py ./
COPY configs/serving.yaml configs/monitoring.yaml configs/
COPY alerts alerts
COPY events events
COPY monitoring monitoring
COPY recommender recommender
COPY serving serving
RUN .venv/bin/python -m compileall -q environment.py alerts events monitoring recommender serving
# The publisher runs beside it, from the training image (`python -m tracking.publish`), and shares
# the volume. Every setting of configs/serving.yaml can be given as a variable like this one.
ARG MOVIE_ROULETTE_REVISION=
ENV MOVIE_ROULETTE_REVISION=${MOVIE_ROULETTE_REVISION} \
    MOVIE_ROULETTE_WEB__HOST=0.0.0.0
USER 10001
VOLUME /app/var
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD [".venv/bin/python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/health/live', timeout=2)"]
CMD [".venv/bin/python", "-m", "serving", "--without-publisher"]
