"""Addresses of the API, mounted at `api/v1/w/<slug:workspace>/`."""

from django.urls import path

from surveys.api import people, surveys

app_name = "surveys_api"
api_urlpatterns = [
    path("surveys/", surveys.surveys, name="surveys"),
    path("surveys/<uuid:survey>/", surveys.survey, name="survey"),
    path("surveys/<uuid:survey>/rounds/", surveys.survey_rounds, name="survey_rounds"),
    path("survey-rounds/", surveys.rounds, name="rounds"),
    path("survey-rounds/<uuid:round>/", surveys.round_, name="round"),
    path("survey-rounds/<uuid:round>/reminder/", surveys.reminder, name="reminder"),
    path("survey-rounds/<uuid:round>/answers/", surveys.answers, name="answers"),
    path("survey-rounds/<uuid:round>/results/", surveys.results, name="results"),
    path("traits/", people.traits, name="traits"),
    path("traits/<uuid:trait>/", people.trait, name="trait"),
    path("fit/", people.fit, name="fit"),
]
