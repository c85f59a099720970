"""The cells of a list's row. In Python, because a page has fifty rows: as templates that a row includes they
took three times as long, which was most of the time of a page (``docs/performance.md``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.html import format_html
from django.utils.translation import gettext

from bxapp.workflows.rows import TemplateKind
from bxapp.workflows.states import RowState

if TYPE_CHECKING:
    from bxapp.workflows.documents import Document
    from bxapp.workflows.rows import Starter, Template

register = template.Library()


@register.filter
def tick_label(workflow_id: str) -> str:
    """Return what a screen reader calls the checkbox of a row."""
    return gettext("Select workflow %(id)s") % {"id": workflow_id}


@register.filter
def document_link(document: Document) -> str:
    """Show a document: its name opens in the portal's slider, the arrow in a tab of its own."""
    numbered, label = f"{document.kind} {document.number}", document.label
    name = format_html(" · <bdi>{}</bdi>", document.name) if document.name else ""
    if document.url:
        return format_html(
            '<span class="entity"><a class="clamp" href="{url}" target="_blank" rel="noopener"'
            ' data-open-path="{path}" title="{label}">{numbered}{name}</a>'
            '<a class="entity__new-tab" href="{url}" target="_blank" rel="noopener"'
            ' aria-label="{in_tab_label}" title="{in_tab}">↗</a></span>',
            url=document.url,
            path=document.path,
            label=label,
            numbered=numbered,
            name=name,
            in_tab_label=gettext("%(document)s: open in a new tab") % {"document": label},
            in_tab=gettext("Open in a new tab"),
        )
    if label:
        return format_html(
            '<span class="entity"><span class="clamp" title="{}">{}{}</span></span>', label, numbered, name
        )
    return format_html('<span class="entity"><span class="muted">{}</span></span>', gettext("no document"))


@register.filter
def template_name(shown: Template) -> str:
    """Show what a workflow is an instance of."""
    match shown.kind:
        case TemplateKind.NAMED:
            return format_html('<bdi class="clamp" title="{0}">{0}</bdi>', shown.name)
        case TemplateKind.GHOST:
            return format_html(
                '<span class="muted" title="{}">{}</span>',
                gettext("Left behind by a workflow that was being executed while it was stopped"),
                gettext("empty entry"),
            )
        case TemplateKind.RULE:
            return _muted(gettext("automation rule"))
        case TemplateKind.UNTOLD:
            return _muted(gettext("no. %(id)s") % {"id": shown.number})


@register.filter
def starter_name(starter: Starter) -> str:
    """Show who started a workflow."""
    if starter.is_system:
        return gettext("System")
    name = (
        format_html('<bdi class="clamp clamp--inline" title="{0}">{0}</bdi>', starter.name)
        if starter.name
        else _muted(gettext("no. %(id)s") % {"id": starter.user_id})
    )
    if not starter.is_dismissed:
        return name
    return format_html('{} <span class="dismissed">{}</span>', name, gettext("dismissed"))


@register.filter
def state_badge(state: RowState) -> str:
    """Show in which state a workflow is."""
    match state:
        case RowState.HUNG:
            return format_html('<span class="badge badge--hung">{}</span>', gettext("hung"))
        case RowState.EXECUTING:
            return format_html('<span class="badge badge--executing">{}</span>', gettext("being executed"))
        case RowState.RUNNING:
            return _muted(gettext("running"))


def _muted(text: str) -> str:
    return format_html('<span class="muted">{}</span>', text)
