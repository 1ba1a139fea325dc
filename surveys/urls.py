"""Addresses of surveys and of what members tell of themselves."""

from django.urls import path

from surveys.views import me, people, rounds, surveys

app_name = "surveys"
urlpatterns = [
    path("surveys/", surveys.surveys, name="surveys"),
    path("surveys/written/", surveys.written, name="written"),
    path("surveys/new/", surveys.new_survey, name="new_survey"),
    path("surveys/written/<uuid:survey>/", surveys.survey, name="survey"),
    path("surveys/written/<uuid:survey>/questions/", surveys.edit, name="edit"),
    path("surveys/written/<uuid:survey>/archival/", surveys.archival, name="archival"),
    path("surveys/written/<uuid:survey>/rounds/", surveys.new_round, name="new_round"),
    path("surveys/rounds/<uuid:round>/", rounds.round_, name="round"),
    path("surveys/rounds/<uuid:round>/reminder/", rounds.reminder, name="reminder"),
    path("surveys/rounds/<uuid:round>/closing/", rounds.closing, name="closing"),
    path("surveys/rounds/<uuid:round>/results/", rounds.results, name="results"),
    path("surveys/rounds/<uuid:round>/results/<uuid:question>/", rounds.words, name="words"),
    path("surveys/me/", me.me, name="me"),
    path("surveys/me/file/", me.file, name="file"),
    path("surveys/me/data/", me.data, name="data"),
    path("surveys/me/results/<slug:trait_kind>/", me.tell, name="tell"),
    path("surveys/me/results/<uuid:trait>/audience/", me.audience, name="audience"),
    path("surveys/me/results/<uuid:trait>/withdrawal/", me.withdrawal, name="withdrawal"),
    path("surveys/people/", people.grid, name="grid"),
    path("surveys/people/motivation/", people.motivation, name="motivation"),
    path("surveys/people/fit/", people.fit, name="fit"),
]
