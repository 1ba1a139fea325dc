"""Wiring of check-ins."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class CheckinsConfig(AppConfig):
    """Weekly meetings that need no slides and forget nothing."""

    name = "checkins"
    verbose_name = gettext_lazy("Check-ins")

    def ready(self) -> None:
        """Declare the verbs and register with the apps below."""
        from checkins import receivers
        from checkins.permissions import SEE, register_places  # declares the verbs
        from checkins.services.invitations import mail_due_invitations
        from checkins.services.planning import plan_due_series
        from checkins.services.reminders import move_due_meetings, remind_due_actions
        from checkins.subjects import ACTION_SUBJECT, MEETING_SUBJECT, SERIES_SUBJECT
        from checkins.work import CHECKINS
        from core.ticks import Ticker, tickers
        from teams.shell import add_place
        from teams.subjects import register_subject
        from teams.work import work_sources

        register_places()
        receivers.register()
        for subject in (SERIES_SUBJECT, MEETING_SUBJECT, ACTION_SUBJECT):
            register_subject(subject)
        tickers.register("checkins.series", Ticker(plan_due_series, 60))
        tickers.register("checkins.meetings", Ticker(move_due_meetings, 10))
        tickers.register("checkins.actions", Ticker(remind_due_actions, 30))
        tickers.register("checkins.invitations", Ticker(mail_due_invitations, 5))
        work_sources.register("checkins", CHECKINS)
        add_place("checkins", gettext_lazy("Check-ins"), "message-2", "checkins:all", verb=SEE)
