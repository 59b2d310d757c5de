"""The pages' routes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from assay.dashboard.assets import serve_asset
from assay.dashboard.calls import call_of
from assay.dashboard.directory import Directory, parse_question
from assay.dashboard.drawing import csv_response, draw, figure_response, rows_of
from assay.dashboard.events import event_response, events
from assay.dashboard.feature_list import feature_list, parse_choice
from assay.dashboard.figure_request import estimates_of, feature_named, request_of
from assay.dashboard.friendly import FriendlyRoute
from assay.dashboard.model_page import model_page
from assay.dashboard.names import model_from_slug, model_path
from assay.dashboard.pages import page, prepare
from assay.dashboard.prediction_routes import add_prediction_routes
from assay.dashboard.readings import PageReader, Readings
from assay.dashboard.report import report_answer
from assay.dashboard.view import PRESETS, View, parse_view
from assay.domain.answers import ModelView
from assay.domain.model import Task
from assay.runtime.settings import Settings

__all__ = ["router"]


def router(
    service: PageReader, settings: Settings | None = None, *, clock: Callable[[], float] = time.time
) -> APIRouter:
    """Return the routes of pages, figures, live updates and static files.

    Parameters
    ----------
    service : the use cases.
    settings : the service's settings; none of them changes a page yet.
    clock : seconds since the epoch, for periods that end now.

    Notes
    -----
    While ``request.app.state.stopping`` (an event, where the server sets one) is set, streams of live
    updates end, so that a server can stop without waiting for the browsers that watch.
    """
    del settings
    routes = APIRouter(route_class=FriendlyRoute, include_in_schema=False)
    readings = Readings(service)

    def now() -> int:
        return int(clock() * 1e6)

    directory = Directory(readings, now=now)
    threading.Thread(target=prepare, name="assay-pages", daemon=True).start()

    def chosen(slug: str, request: Request) -> tuple[ModelView, View]:
        model = readings.model(model_from_slug(slug))
        return model, parse_view(request.query_params, model, now=now())

    @routes.get("/")
    def overview(request: Request) -> Response:
        revision = directory.revision()
        return page(
            "overview.html",
            listing=directory.listing(parse_question(request.query_params)),
            tasks=[task.value for task in Task],
            address=_address(request),
            path="",
            revision=revision,
        )

    @routes.get("/models")
    def models_page() -> Response:
        return RedirectResponse("/", status_code=308)

    @routes.get("/events")
    async def overview_events(request: Request) -> Response:
        return event_response(events(directory.revision, _stopping(request), poll=2.0))

    @routes.get("/models/{slug}/row")
    def overview_row(slug: str) -> Response:
        return page("row.html", row=directory.row(model_from_slug(slug)))

    @routes.get("/models/{slug}/events")
    async def model_events(slug: str, request: Request) -> Response:
        model_id = model_from_slug(slug)
        return event_response(events(lambda: service.revision(model_id), _stopping(request)))

    @routes.get("/models/{slug}/figures/{name}.json")
    def figure(slug: str, name: str, request: Request) -> Response:
        model, view = chosen(slug, request)
        params, model_id = request.query_params, model.model.model_id
        key, choice = params.get("feature", ""), parse_choice(params)
        drawn = draw(
            name,
            readings,
            model_id,
            view,
            theme=params.get("theme", ""),
            feature=key,
            choice=choice,
            label=params.get("class", ""),
        )
        table = params.get("table") == "1"
        of = request_of(readings, model_id, view, feature=key if table else "")
        estimated, note = estimates_of(name, of)
        call = call_of(name, model_id, view, of.feature, estimated=estimated) if table else None
        return figure_response(drawn, table=table, call=call, address=_address(request), note=note)

    @routes.get("/models/{slug}/figures/{name}.csv")
    def figure_csv(slug: str, name: str, request: Request) -> Response:
        model, view = chosen(slug, request)
        params = request.query_params
        of = request_of(
            readings,
            model.model.model_id,
            view,
            feature=params.get("feature", ""),
            choice=parse_choice(params),
            label=params.get("class", ""),
        )
        return csv_response(rows_of(name, of), f"{slug}-{name}")

    @routes.get("/models/{slug}")
    def model(slug: str, request: Request) -> Response:
        revision = service.revision(model_from_slug(slug))  # read first: what comes meanwhile is news
        found, view = chosen(slug, request)
        return page(
            "model.html",
            page=model_page(readings, found, view, drift=False, label=request.query_params.get("class", "")),
            model=found.model,
            view=view,
            known=found,
            presets=tuple(PRESETS),
            path=model_path(found.model.model_id),
            address=_address(request),
            revision=revision,
        )

    @routes.get("/models/{slug}/features")
    def features(slug: str, request: Request) -> Response:
        revision = service.revision(model_from_slug(slug))
        found, view = chosen(slug, request)
        return page(
            "features.html",
            listed=feature_list(
                readings, found.model.model_id, view, parse_choice(request.query_params), wait=False
            ),
            model=found.model,
            view=view,
            known=found,
            presets=tuple(PRESETS),
            path=model_path(found.model.model_id),
            address=_address(request),
            revision=revision,
        )

    @routes.get("/models/{slug}/feature-lines")
    def feature_lines(slug: str, request: Request) -> Response:
        found, view = chosen(slug, request)
        listed = feature_list(readings, found.model.model_id, view, parse_choice(request.query_params))
        return page("feature_lines.html", listed=listed)

    @routes.get("/models/{slug}/verdict")
    def verdict(slug: str, request: Request) -> Response:
        revision = service.revision(model_from_slug(slug))
        found, view = chosen(slug, request)
        return page(
            "verdict.html",
            verdict=readings.verdict(found.model.model_id, view),
            model=found.model,
            view=view,
            known=found,
            presets=tuple(PRESETS),
            path=model_path(found.model.model_id),
            address=_address(request),
            revision=revision,
        )

    @routes.get("/models/{slug}/features/{key}/verdict")
    def feature_verdict(slug: str, key: str, request: Request) -> Response:
        revision = service.revision(model_from_slug(slug))
        found, view = chosen(slug, request)
        name = feature_named(found.reference.features if found.reference else (), key)
        judged = readings.verdict(found.model.model_id, view)
        return page(
            "feature_verdict.html",
            feature=name,
            key=key,
            verdict=judged,
            one=None if judged is None else judged.features.get(name),
            model=found.model,
            view=view,
            known=found,
            presets=tuple(PRESETS),
            path=model_path(found.model.model_id),
            address=_address(request),
            revision=revision,
        )

    @routes.get("/models/{slug}/features/{key}")
    def feature(slug: str, key: str, request: Request) -> Response:
        revision = service.revision(model_from_slug(slug))
        found, view = chosen(slug, request)
        names = found.reference.features if found.reference else ()
        return page(
            "feature.html",
            feature=readings.feature(found.model.model_id, view, feature_named(names, key)),
            key=key,
            model=found.model,
            view=view,
            known=found,
            presets=tuple(PRESETS),
            path=model_path(found.model.model_id),
            address=_address(request),
            revision=revision,
        )

    @routes.get("/models/{slug}/report.html")
    def report(slug: str, request: Request) -> Response:
        return report_answer(readings, model_from_slug(slug), request.query_params, now=now())

    add_prediction_routes(routes, service, readings, now=now)

    @routes.get("/static/{name}")
    def static(name: str, request: Request) -> Response:
        return serve_asset(name, request)

    @routes.get("/favicon.ico")
    def icon(request: Request) -> Response:
        return serve_asset("icon.svg", request)

    return routes


def _address(request: Request) -> str:
    """Return the address under which the reader reaches this server."""
    return str(request.base_url).rstrip("/")


def _stopping(request: Request) -> Callable[[], bool]:
    """Return whether the server is shutting down, as far as it says so."""
    event = getattr(request.app.state, "stopping", None)
    return event.is_set if event is not None else lambda: False
