"""How people log in to the workspace."""

from rest_framework.request import Request
from rest_framework.response import Response

from teams import answers, serializers
from teams.proofs import asks_for_second_step
from teams.rest import endpoint, read
from teams.services.security import secure_workspace


@endpoint(
    {"GET": "teams.workspace.secure", "PATCH": "teams.workspace.secure"},
    body=serializers.SecurityBody,
    answers=answers.SecurityOutput,
)
def security(request: Request) -> Response:
    """What the workspace asks of everybody who logs in."""
    workspace = request._request.workspace
    if request.method == "PATCH":
        facts = read(serializers.SecurityBody, request)
        secure_workspace(workspace=workspace, by=request._request.actor, **facts)
    return Response({"second_step": asks_for_second_step(workspace)})
