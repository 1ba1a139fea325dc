"""Wiring of surveys."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class SurveysConfig(AppConfig):
    """Surveys, and what members tell of themselves."""

    name = "surveys"
    verbose_name = gettext_lazy("Surveys")

    def ready(self) -> None:
        """Declare the verbs and register with the apps below."""
        from core.ticks import Ticker, tickers
        from surveys import receivers
        from surveys.permissions import SEE_ROUND  # declares the verbs
        from surveys.selectors.rounds import waiting_rounds
        from surveys.services.rounds import move_due_rounds
        from surveys.services.traits import forget_member
        from surveys.subjects import ROUND_SUBJECT, SURVEY_SUBJECT
        from surveys.work import SURVEYS
        from teams.services.members import leavers
        from teams.shell import add_place
        from teams.subjects import register_subject
        from teams.work import work_sources

        receivers.register()
        register_subject(SURVEY_SUBJECT)
        register_subject(ROUND_SUBJECT)
        leavers.register("surveys.traits", forget_member)
        tickers.register("surveys.rounds", Ticker(move_due_rounds, 10))
        work_sources.register("surveys", SURVEYS)
        add_place(
            "surveys",
            gettext_lazy("Surveys"),
            "forms",
            "surveys:surveys",
            verb=SEE_ROUND,
            waiting=waiting_rounds,
        )
