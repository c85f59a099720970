"""The rows of the list. In Python, because a page has fifty of them: as templates they took four times as
long, which was most of the time of a page (``docs/performance.md``)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language, gettext, pgettext

from bxapp.web.templatetags.display import age, moment
from bxapp.workflows.rows import TemplateKind
from bxapp.workflows.states import RowState

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from bxapp.workflows.documents import Document
    from bxapp.workflows.rows import Row, Starter, Template

register = template.Library()


_ROW = """<tr>
  <td class="table__tick"><label class="tick"><input type="checkbox" name="selected" value="{packed}"\
 data-workflow="{id}"{mark} autocomplete="off" aria-label="{tick}"></label></td>
  <td class="table__title">{document}</td>
  <td {template_label}>{template}</td>
  <td {started_label} class="when">{started}</td>
  <td {by_label}>{starter}</td>
  <td {changed_label} class="when">{changed}</td>
  <td {state_label} data-row-state>{state}</td>
</tr>
"""


@register.simple_tag
def workflow_rows(rows: Iterable[Row], protected_templates: Container[int]) -> str:
    """Show rows. Those of protected templates say so, and their boxes too: "all" leaves these out."""
    labels = {
        "template_label": _label(gettext("Template")),
        "started_label": _label(gettext("Started")),
        "by_label": _label(gettext("By")),
        "changed_label": _label(gettext("Changed")),
        "state_label": _label(gettext("State")),
    }
    tick, language = gettext("Select workflow %(id)s"), get_language() or ""
    return format_html_join(
        "",
        _ROW,
        (
            {
                **labels,
                "packed": row.packed,
                "id": row.id,
                "tick": tick % {"id": row.id},
                "document": document_link(row.document),
                "mark": " data-protected" if row.template.number in protected_templates else "",
                "template": _template(row.template, row.template.number in protected_templates, language),
                "started": moment(row.started),
                "starter": _starter(row.starter, language),
                "changed": age(row.modified),
                "state": _state(row.state, language),
            }
            for row in rows
        ),
    )


def _label(text: str) -> str:
    """Return what a narrow screen writes before a cell."""
    return format_html('data-label="{}"', text)


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


# The same few templates, people and states come again and again. A language is named, because they are told
# in the one that is active.
@lru_cache(maxsize=2048)
def _template(shown: Template, is_protected: bool, language: str) -> str:
    name = _template_name(shown)
    if not is_protected:
        return name
    return format_html(
        '{} <span class="badge badge--protected" title="{}">{}</span>',
        name,
        gettext("Left out when all are selected; has to be confirmed by itself"),
        pgettext("template", "protected"),
    )


def _template_name(shown: Template) -> str:
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


@lru_cache(maxsize=2048)
def _starter(starter: Starter, language: str) -> str:
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


@lru_cache(maxsize=64)
def _state(state: RowState, language: str) -> str:
    match state:
        case RowState.HUNG:
            return format_html('<span class="badge badge--hung">{}</span>', gettext("hung"))
        case RowState.EXECUTING:
            return format_html('<span class="badge badge--executing">{}</span>', gettext("being executed"))
        case RowState.RUNNING:
            return _muted(gettext("running"))


def _muted(text: str) -> str:
    return format_html('<span class="muted">{}</span>', text)
