"""Settings, all from the environment; a command started by hand finds the running services by COLLAB_DATA_DIR."""

import base64
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import psycopg2.extensions
from csp.constants import NONCE
from django.utils.translation import gettext_lazy as _

from collab.runtime.environment import load_environment
from collab.runtime.layout import Layout, data_dir_from, write_private

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

if not env.str("DATABASE_URL", ""):
    load_environment()

DATA_DIR = data_dir_from(os.environ)
PRODUCTION = env.str("COLLAB_ENV", "local") == "production"
DEMO = env.bool("COLLAB_DEMO", False) and not PRODUCTION
DEBUG = env.bool("DEBUG", False)


def _secret(variable: str, name: str) -> str:
    """Return a secret from the environment; outside production from the data folder, made on first use."""
    found = env.str(variable, "")
    return found if found or PRODUCTION else Layout(DATA_DIR).secret(name)


def _credential_keys() -> list[str]:
    """Return the credential keys `id:base64`, the current one first."""
    path = DATA_DIR / "secrets" / "credential-keys"
    if not (found := env.str("COLLAB_KEYS", "")) and not PRODUCTION:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(path, f"k1:{base64.b64encode(os.urandom(32)).decode()}\n")
        found = path.read_text()
    return str(found).replace(",", " ").split()


SECRET_KEY = _secret("SECRET_KEY", "secret-key")
METRICS_TOKEN = env.str("COLLAB_METRICS_TOKEN", "")
SEAL_KEY = _secret("COLLAB_SEAL_KEY", "seal-key")
NEWSROOM_KEY = _secret("COLLAB_NEWSROOM_KEY", "newsroom-key")
COLLAB_KEYS = _credential_keys()

PORT = env.int("PORT", 8000)
BASE_URL = env.str("COLLAB_BASE_URL", f"http://localhost:{PORT}").rstrip("/")
NEWSROOM_URL = env.str("COLLAB_NEWSROOM_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
SIGNUP = env.str("COLLAB_SIGNUP", "invite")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", urlsplit(BASE_URL).hostname]
)
CSRF_TRUSTED_ORIGINS = [BASE_URL] if BASE_URL.startswith("http") else []

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_scopes",
    "guardian",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "django_htmx",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "core",
    "teams",
    "activity",
    "notifications",
    "comments",
    "approvals",
    "files",
    "networks",
    "surveys",
    "checkins",
    "library",
    "calendar_app",
    "publishing",
    "home",
    "guests",
    "collab",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "publishing.health.HealthMiddleware",
    "collab.middleware.PolicyMiddleware",
    "collab.middleware.RequestLogMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "teams.middleware.WorkspaceMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "collab.urls"
WSGI_APPLICATION = "collab.wsgi.application"
ASGI_APPLICATION = "collab.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "collab.navigation.shell",
            ],
            "builtins": ["core.templatetags.ui"],
        },
    }
]


def _database(url: str) -> dict[str, Any]:
    parts = psycopg2.extensions.parse_dsn(url) if url else {}
    return {
        "ENGINE": "collab.postgresql",
        "NAME": parts.get("dbname", "collab"),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": parts.get("port", ""),
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", 600),
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": env.bool("DATABASE_POOLED", False),
        "OPTIONS": {"connect_timeout": 5},
    }


DATABASES = {
    "default": _database(env.str("DATABASE_URL", "")),
    "owner": {**_database(env.str("DATABASE_OWNER_URL", "")), "CONN_MAX_AGE": 0},
}
DATABASE_ROUTERS = ["collab.routers.OwnerMigrates"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "collab_cache",
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    }
}

# Log-in
AUTH_USER_MODEL = "teams.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "collab.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none" if DEMO else "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_FORMS = {
    "login": "collab.accounts.LoginForm",
    "signup": "collab.accounts.SignupForm",
    "change_password": "collab.accounts.ChangePasswordForm",
    "set_password": "collab.accounts.SetPasswordForm",
    "reset_password": "collab.accounts.ResetPasswordForm",
    "reset_password_from_key": "collab.accounts.ResetPasswordKeyForm",
    "reauthenticate": "collab.accounts.ReauthenticateForm",
    "add_email": "collab.accounts.ChangeEmailForm",
}
ACCOUNT_RATE_LIMITS = {"login": "300/m/ip", "login_failed": "5/300s/key"}
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
MFA_ADAPTER = "collab.accounts.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "add_webauthn": "collab.accounts.AddPasskeyForm",
    "edit_webauthn": "collab.accounts.RenamePasskeyForm",
}
MFA_TOTP_ISSUER = "Collab"
USERSESSIONS_TRACK_ACTIVITY = False
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "collab.accounts.guessed_account"
AXES_CLIENT_IP_CALLABLE = "collab.accounts.client_ip"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True
AXES_LOCKOUT_CALLABLE = "collab.accounts.locked_out"
SESSION_ENGINE = "teams.sessions"
SESSION_IDLE_SECONDS = env.int("COLLAB_SESSION_IDLE_HOURS", 3 * 24) * 3600
SESSION_LONGEST_SECONDS = env.int("COLLAB_SESSION_HOURS", 14 * 24) * 3600
SESSION_COOKIE_AGE = SESSION_LONGEST_SECONDS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BASE_URL.startswith("https://")
CSRF_COOKIE_HTTPONLY = False
CSRF_FAILURE_VIEW = "teams.edges.csrf_failed"
SELF_GUARDING_MODULES = ("allauth.", "django.views.i18n", "django.conf.urls.i18n")
GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None

# Headers
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if BASE_URL.startswith("https://") else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", NONCE],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "media-src": ["'self'", "blob:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# Words and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ms", _("Malay"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Files
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("COLLAB_STATIC_ROOT", "") or DATA_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
# Only what we ship ourselves is served; what packages bring along is not.
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "collab.staticfiles.HashedStaticFiles"},
}
MEDIA_ROOT = DATA_DIR / "media"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
MEDIA_MAX_BYTES = env.int("COLLAB_MEDIA_MAX_BYTES", 100 * 1024 * 1024)

# Mail
_mail = env.email_url("EMAIL_URL", default="filemail://") if env.str("EMAIL_URL", "") else {}
EMAIL_BACKEND = _mail.get("EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend")
EMAIL_FILE_PATH = DATA_DIR / "mail"
EMAIL_HOST = _mail.get("EMAIL_HOST", "localhost")
EMAIL_PORT = _mail.get("EMAIL_PORT", 25)
EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("COLLAB_MAIL_FROM", "Collab <collab@localhost>")

# After a longer time in which no dispatcher scanned, what fell due is asked about before anything of it is sent.
OUTAGE_MINUTES = env.int("COLLAB_OUTAGE_MINUTES", 30)

# Broker, workers, live updates
CELERY_BROKER_URL = env.str("BROKER_URL", "redis://localhost:6379/0")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "max_retries": 0,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {}
LIVE_URL = env.str("LIVE_URL", "redis://localhost:6379/1")

# Outbound
OUTBOUND_ALLOW_PRIVATE_HOSTS = frozenset(env.list("COLLAB_ALLOW_PRIVATE_HOSTS", default=[]))
OUTBOUND_CA_BUNDLE = env.str("COLLAB_CA_BUNDLE", "") or None

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["teams.credentials.WorkspaceAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.JSONParser",
        "rest_framework.parsers.MultiPartParser",
        "rest_framework.parsers.FormParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "teams.rest.as_problem",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Collab",
    "VERSION": "1.0.0",
    "DESCRIPTION": "Posts, approvals and publishing of a social media team.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SERVE_PUBLIC": True,
}
LOGGING_CONFIG = "collab.logs.configure"
LOGGING: dict[str, Any] = {"version": 1}
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]
