import Model

extension ProfileReport {
    /// The report as one page with its own style and pictures; it loads nothing.
    public var html: String {
        let title = HTML.escaped("Profile of \(playbook)")
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title)</title><style>\(Self.style)</style></head>
            <body><header><h1>\(title)</h1></header>
            \(overview)\(profiles.map(Self.section).joined())
            </body></html>

            """
    }

    /// A line for each entity, where there are several.
    private var overview: String {
        guard profiles.count > 1 else { return "" }
        let lines = profiles.map { profile in
            let findings = ProfileWords.findings(profile).count
            return """
                <tr><th scope="row"><a href="#\(HTML.escaped(profile.entity))">\(HTML.escaped(profile.entity))</a></th>\
                <td>\(Magnitude.count(profile.rowsEstimated))</td><td>\(Magnitude.count(profile.rowsLooked))</td>\
                <td>\(profile.columns.count)</td><td\(findings > 0 ? " class=\"count\"" : "")>\(findings)</td>\
                <td>\(profile.suggestions.count)</td></tr>

                """
        }
        return """
            <div class="wide"><table><thead><tr><th>entity</th><th>rows</th><th>looked at</th><th>columns</th>\
            <th>would be stumbled over</th><th>entries for defects</th></tr></thead><tbody>
            \(lines.joined())</tbody></table></div>

            """
    }

    private static func section(_ profile: EntityProfile) -> String {
        let findings = ProfileWords.findings(profile)
        var text = """
            <section id="\(HTML.escaped(profile.entity))"><h2>\(HTML.escaped(profile.entity))</h2>
            <p class="note">\(HTML.escaped("\(profile.source) to \(profile.target): \(ProfileWords.extent(profile)); "))\
            put to the mapping: \(Magnitude.rows(profile.rowsMapped)).</p>

            """
        if findings.isEmpty {
            text += "<p class=\"good\">Nothing was found that a load would stumble over.</p>\n"
        } else {
            let items = findings.map { "<li>\(HTML.escaped($0))</li>" }.joined()
            text += "<div class=\"bad\"><h3>What a load would stumble over</h3><ul>\(items)</ul></div>\n"
        }
        if !profile.suggestions.isEmpty {
            let lines = profile.suggestions.map { "# \($0.reason)\n\($0.line)\n" }.joined()
            text += "<h3>Entries for the catalog of defects</h3><pre>\(HTML.escaped(lines))</pre>\n"
        }
        text += """
            <div class="wide"><table><thead><tr><th>column</th><th>NULL</th><th>distinct</th><th>range</th><th>spread</th>\
            <th>odd</th><th>forms</th></tr></thead><tbody>
            \(profile.columns.map(line).joined())</tbody></table></div>

            """
        for note in profile.notes { text += "<p class=\"note\">Note: \(HTML.escaped(note)).</p>\n" }
        return text + "</section>\n"
    }

    private static func line(_ field: FieldStatistics) -> String {
        let isText = field.deciles.isEmpty
        let spread = Chart.spread(
            isText ? field.lengths : field.deciles,
            label: isText ? "lengths of \(field.name)" : "values of \(field.name)")
        let shown = ProfileWords.frequent(field.values.isEmpty ? field.forms : field.values, field).prefix(4)
        return """
            <tr><th scope="row">\(HTML.escaped(field.name))<small>\(field.kind.rawValue)</small></th>\
            <td class="nowrap">\(Chart.nulls(field.nullShare))</td><td>\(HTML.escaped(ProfileWords.distinct(field)))</td>\
            <td>\(HTML.escaped(ProfileWords.range(field)))</td><td>\(spread)</td>\
            <td>\(HTML.escaped(ProfileWords.remarks(field)))</td><td>\(Chart.shares(Array(shown)))</td></tr>

            """
    }

    private static let style = """
        :root{color-scheme:light dark;--ground:#fff;--text:#17212b;--note:#5b6875;--edge:#dde3e8;--head:#f5f7f9;--bar:#1769aa;\
        --faint:#e3e8ed;--null:#c77700;--bad:#fdecea;--badedge:#c62828;--good:#2e7d32}
        @media(prefers-color-scheme:dark){:root{--ground:#12171c;--text:#e8edf2;--note:#a3b0bc;--edge:#303a44;--head:#1a2128;\
        --bar:#64b5f6;--faint:#2b353f;--null:#ffb74d;--bad:#2d1a1a;--badedge:#ff7b72;--good:#81c784}}
        body{margin:0 auto;padding:24px;max-width:1320px;background:var(--ground);color:var(--text);\
        font:14px/1.45 system-ui,"Segoe UI","DejaVu Sans",sans-serif}
        h1{font-size:24px;margin:0 0 8px}h2{font-size:19px;margin:32px 0 2px}h3{font-size:14px;margin:10px 0 4px}
        th a{color:var(--bar);text-decoration:none}.count{color:var(--badedge);font-weight:600}
        .note,small{color:var(--note)}small{display:block;font-weight:400}.note{margin:2px 0 8px}.good{color:var(--good)}
        .bad{background:var(--bad);border-left:4px solid var(--badedge);padding:4px 14px;border-radius:4px}
        ul{margin:4px 0 8px;padding-left:20px}pre{background:var(--head);border:1px solid var(--edge);border-radius:6px;\
        padding:10px;overflow-x:auto;font-size:12.5px}
        .wide{overflow-x:auto}table{border-collapse:collapse;width:100%;margin-top:10px}
        th,td{text-align:left;vertical-align:top;padding:7px 10px;border-bottom:1px solid var(--edge)}
        thead th{background:var(--head);font-size:12px;color:var(--note);font-weight:600;position:sticky;top:0}
        .nowrap{white-space:nowrap}.share{white-space:nowrap}.share span{color:var(--note)}
        code{font:12.5px ui-monospace,"DejaVu Sans Mono",monospace}
        .share svg{margin-right:6px}.spread rect{fill:var(--bar)}.all{fill:var(--faint)}.null{fill:var(--null)}.part{fill:var(--bar)}
        """
}
