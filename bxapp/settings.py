"""Django's settings: the configuration contract of the README, read once from the environment."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from bxapp import environment

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

# --- The application -------------------------------------------------------------------------------------

DEBUG = environment.flag("DEBUG", default=False)
SECRET_KEY = environment.required("SECRET_KEY", "a long random text that signs sessions")
if len(SECRET_KEY) < 50 and not DEBUG:
    raise environment.ConfigurationError("SECRET_KEY", "is too short: use at least 50 random characters.")
APP_BASE_URL = environment.base_url(
    "APP_BASE_URL",
    environment.required("APP_BASE_URL", "the public address of this application, as registered in Bitrix24"),
)
ALLOWED_HOSTS = environment.names("ALLOWED_HOSTS", ["127.0.0.1", "localhost"] if DEBUG else [])
if not ALLOWED_HOSTS:
    raise environment.ConfigurationError(
        "ALLOWED_HOSTS",
        "is missing. It is the comma-separated list of host names that this application serves.",
    )
LOG_LEVEL = environment.choice("LOG_LEVEL", "INFO", {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"})

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "csp",
    "bxapp.web",
    "bxapp.audit",
    "bxapp.journal",
    "bxapp.portals",
    "bxapp.workflows",
    "bxapp.terminations",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # A list of fifty signed rows is 80 KB of text. Every answer gets a random length against BREACH.
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "bxapp.web.framing.FramingMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "bxapp.portals.middleware.ActorMiddleware",
    "bxapp.portals.middleware.CsrfMiddleware",
    "bxapp.web.middleware.LocaleMiddleware",
    "bxapp.web.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "bxapp.urls"
WSGI_APPLICATION = "bxapp.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.template.context_processors.tz",
                "bxapp.web.context.page",
                "bxapp.terminations.context.open_jobs",
            ],
            "builtins": ["bxapp.web.templatetags.display"],
        },
    }
]

# --- Bitrix24 --------------------------------------------------------------------------------------------

BITRIX24_CLIENT_ID = environment.required(
    "BITRIX24_CLIENT_ID", "the application's code in Bitrix24 (client_id)"
)
BITRIX24_CLIENT_SECRET = environment.required(
    "BITRIX24_CLIENT_SECRET", "the application's key (client_secret)"
)
BITRIX24_OAUTH_SERVERS = [
    environment.base_url("BITRIX24_OAUTH_SERVERS", server)
    for server in environment.names(
        "BITRIX24_OAUTH_SERVERS", ["https://oauth.bitrix.info", "https://oauth.bitrix24.tech"]
    )
]
# Portals on plain http and on private addresses: for the sandbox and for closed networks only.
BITRIX24_ALLOW_INSECURE = environment.flag("BITRIX24_ALLOW_INSECURE", default=False)
# An administrator's incoming webhook: one portal for the command line, without any installation.
BITRIX24_WEBHOOK = environment.webhook("BITRIX24_WEBHOOK_URL", allow_insecure=BITRIX24_ALLOW_INSECURE)
# Limit, window, basket and ban of a method's execution time, in seconds: for portals where they were changed.
BITRIX24_OPERATING_RULE = environment.seconds("BITRIX24_OPERATING_RULE", 4)
TOKEN_ENCRYPTION_KEYS = environment.fernet_keys("TOKEN_ENCRYPTION_KEYS")
# How long the portals of a worker that was killed are left alone, and how often lost work is looked for.
LEASE_SECONDS, SWEEP_SECONDS = environment.seconds("TAKEOVER_SECONDS", 2) or (20.0, 10.0)
# How many web processes, and how many slots of workers, there are at most, on all machines: while Redis is
# gone each keeps to such a part of a portal's limit of requests. The default suits two of two each.
PROCESSES = environment.count("PROCESSES", 4)

# --- Data ------------------------------------------------------------------------------------------------

DATABASES = {"default": environment.database("DATABASE_URL", f"sqlite:///{VAR_DIR / 'flowstop.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Web, worker and beat share the file: readers do not block the writer (WAL), a writer waits its turn,
    # and a transaction takes the write lock at its start instead of failing when it first writes.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    Path(DATABASES["default"]["NAME"]).parent.mkdir(parents=True, exist_ok=True)
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# The Market's rules ask for three days of requests and answers; the fourth is for weekends.
JOURNAL_KEPT = timedelta(days=4)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = environment.redis_url("REDIS_URL", "redis://127.0.0.1:6390/0")

# --- HTTP ------------------------------------------------------------------------------------------------

_OVER_TLS = APP_BASE_URL.startswith("https://")

# Cookies serve the browser outside the portal only; in the frame a bearer session travels in a header.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "flowstop_session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = _OVER_TLS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _OVER_TLS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [APP_BASE_URL]
CSRF_FAILURE_VIEW = "bxapp.web.refusal_pages.csrf_failure"

SECURE_SSL_REDIRECT = _OVER_TLS
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _OVER_TLS else 0
SECURE_REFERRER_POLICY = "same-origin"
SILENCED_SYSTEM_CHECKS = [
    "security.W003",  # portals.middleware.CsrfMiddleware is Django's, and asks nothing of a bearer session
    "security.W002",  # X-Frame-Options cannot name a portal; frame-ancestors of the content policy does
    "security.W005",  # whether the other hosts of the domain are on https is not ours to promise
    "security.W021",  # nor whether the domain may enter the browsers' preload lists
]

# Every framed page adds its portal's confirmed origin to frame-ancestors.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "bxapp.web.static_storage.StaticFilesStorage"
    },
}
# Nothing that this application receives is larger than a selection: 5,000 signed rows of about 1 KB each,
# where names are in Cyrillic. Forms of strangers are kept much shorter (bxapp.web.bodies).
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 60_000
# No form here has a file: what a stranger sends as one is read past, and written nowhere.
FILE_UPLOAD_HANDLERS: list[str] = []

# --- Language and time -----------------------------------------------------------------------------------

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", _("English")),
    ("ru", _("Russian")),
    ("de", _("German")),
    ("es", _("Spanish")),
    ("pt-br", _("Brazilian Portuguese")),
    ("fr", _("French")),
    ("pl", _("Polish")),
]
LOCALE_PATHS = [BASE_DIR / "bxapp" / "locale"]

# --- Celery ----------------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for Redis however long it is away
# A message is a wake-up only, and may be lost: the sweep finds what is due. So nothing keeps those that were
# taken for a second delivery, which also could end a worker that loses Redis while it holds one.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "ack_emulation": False,
    "socket_keepalive": True,
    # A Redis that hangs takes connections and answers nothing: without limits of time who sends a wake-up,
    # a page or a slot, waits for as long as it hangs. A worker waits for messages without reading, so these
    # do not touch it.
    "socket_connect_timeout": 0.5,
    "socket_timeout": 0.5,
    # Without Redis a wake-up is given up after a tenth of a second, not six: a person waits for the page.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_POOL = "bxapp.prefork:WatchingTaskPool"  # lets a lost broker end no worker
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    # A message expires by the clock of whoever takes it: five minutes, so that clocks may differ.
    "sweep": {
        "task": "bxapp.terminations.tasks.sweep",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": 300},
    },
    "renew-idle-grants": {
        "task": "bxapp.portals.tasks.renew_idle_grants",
        "schedule": 24 * 3600.0,
        "options": {"expires": 3600},
    },
    "forget-old-lists": {
        "task": "bxapp.workflows.tasks.forget_old",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "prune-journal": {
        "task": "bxapp.journal.tasks.prune",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
}

# --- Logging ---------------------------------------------------------------------------------------------

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # The HTTP libraries write whole URLs, and a webhook's URL is a secret.
    "loggers": {
        "urllib3": {"level": "ERROR"},
        "requests_oauthlib": {"level": "WARNING"},
        "oauthlib": {"level": "WARNING"},
    },
}
