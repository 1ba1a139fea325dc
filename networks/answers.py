"""What the API answers of kinds of networks, as the OpenAPI document describes it."""

from rest_framework.serializers import BooleanField, CharField, DictField, ListField

from teams.openapi import shape

CredentialOutput = shape(
    "CredentialOutput",
    name=CharField(),
    label=CharField(),
    secret=BooleanField(),
    optional=BooleanField(),
    default=CharField(),
)
OptionOutput = shape(
    "OptionOutput",
    name=CharField(),
    label=CharField(),
    flag=BooleanField(),
    choices=ListField(child=DictField(child=CharField())),
)
NetworkOutput = shape(
    "NetworkOutput",
    network=CharField(),
    label=CharField(),
    connectable=BooleanField(help_text="Whether credentials given to the API connect an account."),
    by_login=BooleanField(help_text="Whether people connect an account in the browser, by logging in there."),
    credentials=CredentialOutput(many=True),
    options=OptionOutput(many=True),
)
