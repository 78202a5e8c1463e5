/// What reports do beyond showing: tables sort and filter, charts are walked with the arrow keys.
/// A page without it lacks no figure. No text of the publication is ever read as markup by it.
enum ReportScript {
    static let text: StaticString = """

        'use strict';
        (() => {
          const words = document.getElementById('words').dataset;
          document.documentElement.classList.add('js');
          const make = (name, className, text) => {
            const element = document.createElement(name);
            if (className) element.className = className;
            if (text) element.textContent = text;
            return element;
          };

          const compare = (column, isNumber, sign) => {
            const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
            return (left, right) => {
              const [a, b] = [left.cells[column], right.cells[column]];
              if (!isNumber) return sign * collator.compare(a.textContent, b.textContent);
              const [x, y] = [a.dataset.value, b.dataset.value];
              if (x === '' || y === '') return (x === '') - (y === '');
              return sign * (Number(x) - Number(y));
            };
          };

          const sortable = (table) => {
            const heads = [...table.tHead.rows[0].cells];
            const body = table.tBodies[0];
            const original = [...body.rows];
            heads.forEach((head, column) => {
              const label = head.querySelector('.label');
              const button = make('button', 'sort', label.textContent);
              button.type = 'button';
              button.title = `${words.sort} ${label.textContent}`;
              label.replaceWith(button);
              button.addEventListener('click', () => {
                const isNumber = head.classList.contains('number');
                const first = isNumber ? 'descending' : 'ascending';
                const second = isNumber ? 'ascending' : 'descending';
                const now = head.getAttribute('aria-sort');
                const next = now === first ? second : now === second ? null : first;
                heads.forEach((other) => other.removeAttribute('aria-sort'));
                if (next) head.setAttribute('aria-sort', next);
                const sign = next === 'descending' ? -1 : 1;
                const rows = next
                  ? [...original].sort(compare(column, isNumber, sign)) : original;
                body.append(...rows);
              });
            });
          };

          const filterable = (table, number) => {
            const rows = [...table.tBodies[0].rows];
            if (rows.length < 6) return;
            const line = make('div', 'search');
            const label = make('label', '', words.filter);
            const input = make('input');
            const count = make('output');
            input.type = 'search';
            input.id = `filter${number}`;
            label.htmlFor = input.id;
            count.htmlFor.add(input.id);
            line.append(label, input, count);
            table.closest('.scroll').before(line);
            const fold = (text) => text.normalize('NFKD').toLowerCase();
            const texts = rows.map((row) => fold(
              [...row.cells].map((cell) => cell.textContent).join(' ')));
            input.addEventListener('input', () => {
              const parts = fold(input.value).split(/\\s+/).filter(Boolean);
              let shown = 0;
              rows.forEach((row, index) => {
                row.hidden = !parts.every((part) => texts[index].includes(part));
                if (!row.hidden) shown += 1;
              });
              count.textContent = parts.length === 0 ? ''
                : words.rows.replace('{n}', shown).replace('{m}', rows.length);
            });
          };

          const walkable = (chart) => {
            const points = [...chart.querySelectorAll('.point')];
            points.forEach((point, index) => {
              point.querySelector('title').remove();
              point.setAttribute('tabindex', index === 0 ? '0' : '-1');
            });
            const go = (index) => {
              const next = points[Math.max(0, Math.min(points.length - 1, index))];
              points.forEach((point) => point.setAttribute('tabindex', '-1'));
              next.setAttribute('tabindex', '0');
              next.focus();
            };
            chart.addEventListener('keydown', (event) => {
              const at = points.indexOf(document.activeElement);
              if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
              const moves = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1,
                ArrowUp: at - 1, Home: 0, End: points.length - 1 };
              if (event.key === 'Escape') document.activeElement.blur();
              if (!(event.key in moves)) return;
              event.preventDefault();
              go(moves[event.key]);
            });
          };

          document.querySelectorAll('table.figures').forEach((table, number) => {
            sortable(table);
            filterable(table, number);
          });
          document.querySelectorAll('svg.plot').forEach(walkable);
        })();

        """
}
