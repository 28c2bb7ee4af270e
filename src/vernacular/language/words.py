"""Common words of the languages that share a script, for `identify`: they decide most texts without a model.

Grammatical words, numerals and everyday words of home, school, time and trade, written down by hand (ours); no names. A
word of several languages is in the list of each, in lower case and cut at apostrophes and hyphens: `qu'il` counts
as `qu` and `il`.
"""

from collections.abc import Sequence
from functools import cache
from itertools import repeat

import numpy as np

WORDS = {
    "en": """
        the of and to a in is it that he she was for on are with as his her they be at one have this from had by but
        not what all were we when your can said there use an each which do how their if will up other about out many
        then them these so some would make like him into has more two than first been its who now people my over did
        down only find after before long made may part does every much total left three four five six seven eight nine
        ten twelve twenty hundred dollars gets takes buys gives sells spends costs cost pays wants needs times half
        week day days year years hours minutes per i you me no or off our us also any both same between during while
        where because still again step next answer therefore remaining add subtract multiply divide divided multiplied
        altogether s t plus door hat war die too person money house home school friend friends children child mother
        father brother sister family book books water food car work price number monday tuesday wednesday thursday
        friday saturday sunday man woman boy girl bought sold gave took got went goes going want need away back equal
        equally share shares third quarter box boxes bag bags room table night morning new old big small good together
        another something own think know let say here why until once twice dozen pounds miles feet
    """,
    "de": """
        der die das und ist in zu den mit sich auf für von dem des ein eine einen einem einer eines nicht es er sie
        ihr ihre ihren ihrem ihrer sein seine seinen seinem seiner war waren hat haben hatte hatten wird werden wurde
        wurden kann können muss soll will wollen wie viel viele vielen vieles was wer wo wenn als auch an am im ins
        zum zur bei beim nach aus um durch pro über unter vor zwischen während bis noch mehr weniger so dass aber oder
        nur dann danach nun jetzt jede jeder jedes jeden jedem alle allen beide zwei drei vier fünf sechs sieben acht
        neun zehn zwölf zwanzig hundert insgesamt übrig kostet kosten gibt kauft verkauft bekommt macht tag tage tagen
        woche wochen jahr jahre jahren stunden stunde minuten uhr hälfte doppelt mal wir ich du ihm ihn ihnen diese
        dieser dieses diesem diesen kein keine sind schritt also ergibt bleiben da bin leute person personen geld haus
        hause schule freund freunde freunden freundin kinder kind kindern mutter vater bruder schwester familie buch
        bücher wasser essen auto arbeit preis anzahl montag dienstag mittwoch donnerstag freitag samstag sonntag mann
        frau junge mädchen gekauft gegeben gemacht gehen geht möchte braucht benötigt zurück gleich gleichmäßig
        drittel viertel kiste tasche zimmer tisch nacht morgen neue neuen alt alte groß klein gut zusammen etwas
        eigenen wissen sagt hier dort warum einmal zweimal dutzend außerdem jedoch weil ob weitere anderen andere
        worden verdient isst liest zahlt
    """,
    "fr": """
        le la les un une des du de et est en à au aux dans que qui ne pas se sa son ses il elle ils elles on nous vous
        je tu ce cette ces cet leur leurs pour par sur avec sans sous plus moins mais ou où si comme tout tous toute
        toutes a ont avait avaient était étaient sont sera seront être avoir fait font fois chaque combien quel quelle
        quels quelles deux trois quatre cinq sept huit neuf dix douze vingt cent après avant pendant entre chez vers
        puis ensuite donc encore alors aussi très bien y d l n s qu j c m t même autre autres dont jour jours semaine
        semaines mois an ans année heures heure moitié double coûte achète vend donne reste restent peut doit faut lui
        total étape abord maintenant gens personne personnes argent maison école ami amis amie enfant enfants mère
        père frère soeur sœur famille livre livres eau voiture travail prix nombre lundi mardi mercredi jeudi vendredi
        samedi dimanche homme femme garçon fille acheté vendu donné pris aller va vont veut besoin égal égales parts
        tiers quart boîte boîtes sac sacs chambre table nuit matin nouveau nouvelle vieux grand grande petit petite
        bon bonne ensemble quelque propre savoir dit ici là pourquoi jusqu douzaine gagne mange lit paie paye prend
        met trouve chacun chacune avez doivent peuvent ait fut notre votre mon ma mes été
    """,
    "es": """
        el la los las un una unos unas de del y en que es a al se su sus por para con sin no lo le les más menos pero
        o como si cuando donde quien cual cuál qué cuánto cuánta cuántos cuántas cada todo todos toda todas este esta
        estos estas ese esa eso esto él ella ellos ellas son está están era eran fue fueron ser estar hay ha han había
        tiene tienen tenía hace hacer puede uno dos tres cuatro cinco seis siete ocho nueve diez doce veinte cien
        entre sobre hasta desde durante después antes luego entonces también muy ya así otro otra otros otras mismo
        misma día días semana semanas mes año años hora horas mitad doble veces vez cuesta cuestan compra vende da dan
        queda quedan yo tú nos mi total paso ahora dólares par pares gente persona personas dinero casa escuela amigo
        amigos amiga niño niños niña hijo hijos hija madre padre hermano hermana familia libro libros agua comida
        coche auto trabajo precio número lunes martes miércoles jueves viernes sábado domingo hombre mujer compró
        vendió dio tomó ir va van quiere necesita igual iguales tercio cuarta parte caja cajas bolsa bolsas habitación
        mesa noche mañana nuevo nueva viejo grande pequeño bueno juntos algo propio saber dice aquí allí porque hacia
        docena gana come lee paga recibe lleva llevan además mientras dólar nuestro sido podrá debe deben solo sólo
    """,
    "it": """
        il lo la i gli le un uno una di del della dello dei delle degli e è in che a al alla allo ai alle agli da dal
        dalla dai dalle nel nella nei nelle sul sulla sui sulle con per non si su come ma o se anche più meno quanto
        quanta quanti quante quale quali cosa chi dove quando ogni tutto tutti tutta tutte questo questa questi queste
        quello quella suo sua suoi sue loro lui lei sono era erano ha hanno aveva avevano essere avere fa fanno può
        deve due tre quattro cinque sei sette otto nove dieci dodici venti cento tra fra dopo prima poi durante fino
        ancora quindi allora così altro altra altri altre stesso giorno giorni settimana settimane mese mesi anno anni
        ora ore metà doppio volte volta costa compra vende dà ne ci mi ti vi c l d totale resto rimangono passo
        ciascuno ciascuna gente persona persone soldi denaro casa scuola amico amici amica bambino bambini figlio
        figli figlia madre padre fratello sorella famiglia libro libri acqua cibo macchina lavoro prezzo numero lunedì
        martedì mercoledì giovedì venerdì sabato domenica uomo donna ragazzo ragazza comprato venduto dato preso
        andare va vanno vuole bisogno uguale uguali terzo quarto parte scatola scatole borsa camera tavolo notte
        mattina nuovo nuova vecchio grande piccolo buono insieme qualcosa proprio sapere dice qui lì perché verso
        dozzina guadagna mangia legge paga riceve porta inoltre mentre solo soltanto nostro sia stato stata
    """,
    "pt": """
        o a os as um uma uns umas de do da dos das e em no na nos nas que é se por pelo pela pelos pelas para com sem
        não ao à aos às mais menos mas ou como quando onde quem qual quais quanto quanta quantos quantas cada todo
        todos toda todas este esta estes estas esse essa isso isto ele ela eles elas seu sua seus suas lhe são está
        estão era eram foi foram ser estar há tem têm tinha tinham faz fazer pode deve dois duas três quatro cinco
        seis sete oito nove dez doze vinte cem entre sobre até desde durante depois antes então também muito já assim
        outro outra outros outras mesmo mesma dia dias semana semanas mês meses ano anos hora horas metade dobro vezes
        vez custa custam compra vende dá dão fica ficam restam num numa eu nós meu minha total passo agora ainda gente
        pessoa pessoas dinheiro casa escola amigo amigos amiga criança crianças filho filhos filha mãe pai irmão irmã
        família livro livros água comida carro trabalho preço número segunda terça quarta quinta sexta sábado domingo
        homem mulher menino menina comprou vendeu deu pegou ir vai vão quer precisa igual iguais terço parte caixa
        caixas saco sacos quarto mesa noite manhã novo nova velho grande pequeno bom juntos algo próprio saber diz
        aqui ali porque dúzia ganha come lê paga recebe leva além enquanto só apenas nosso sido você
    """,
    "nl": """
        de het een en van in is dat die op te zijn met voor niet aan er om ook als dan maar of bij naar uit door over
        tot nog wel geen zo al wat wie waar hoe hoeveel wanneer welke hij zij ze haar hun hem wij we ik jij je u ons
        deze dit was waren heeft hebben had hadden wordt worden werd werden kan kunnen moet moeten zal zullen wil
        willen gaat gaan elke elk ieder alle iedere twee drie vier vijf zes zeven acht negen tien twaalf twintig
        honderd per na tussen tijdens onder meer minder veel totaal daarna eerst toen nu keer dag dagen week weken
        maand jaar uur uren helft dubbel kost kosten koopt verkoopt geeft krijgt maakt blijven blijft zoveel stap dus
        samen mensen persoon personen geld huis school vriend vrienden vriendin kinderen kind moeder vader broer zus
        familie boek boeken water eten auto werk prijs aantal maandag dinsdag woensdag donderdag vrijdag zaterdag
        zondag man vrouw jongen meisje gekocht verkocht gegeven gemaakt nodig terug gelijk gelijke gelijkmatig derde
        kwart doos dozen zak zakken kamer tafel nacht ochtend nieuwe oud oude groot grote klein kleine goed iets eigen
        weten zegt hier daar waarom eens dozijn verdient eet leest betaalt neemt andere anderen omdat terwijl echter
        onze mijn zich hen
    """,
    "pl": """
        i w na z do nie się że to jest o a za po co jak ale od dla przez oraz czy ile ilu który która które którzy
        których jego jej ich im on ona ono oni one był była było byli były ma mają miał miała mieli są będzie może już
        tylko także też jeszcze więc więcej mniej niż każdy każda każde każdego każdej wszystkie wszystkich ten ta te
        tego tej tym tych jeden jedna jedno dwa dwie trzy cztery pięć sześć siedem osiem dziewięć dziesięć dwanaście
        dwadzieścia sto przy pod nad między podczas przed razy raz potem następnie teraz kiedy gdy jeśli dzień dni
        tydzień tygodnie miesiąc rok lata lat godzin godziny minut połowę połowa kosztuje kupuje sprzedaje daje ze we
        swoje swojej swoich razem zostało łącznie krok zatem ludzi osoba osoby osób pieniądze pieniędzy dom domu
        szkoła szkoły szkole przyjaciel przyjaciół przyjaciele dzieci dziecko matka mama ojciec brat siostra rodzina
        książka książki książek woda wody jedzenie samochód praca cena liczba liczbę poniedziałek wtorek środa
        czwartek piątek sobota niedziela mężczyzna kobieta chłopiec dziewczynka kupił kupiła sprzedał sprzedała dał
        dała zrobił idzie chce potrzebuje równo równych równe część części pudełko pudełka torba torby pokój stół
        stole noc rano nowy nowa stary duży mały dobry coś wie mówi tutaj tam dlaczego tuzin zarabia je czyta płaci
        bierze inny inne innych ponieważ jednak nasz mój sobie wynosi zostaje
    """,
    "tr": """
        ve bir bu da de için ile o ne mi mı mu mü kaç kadar çok daha en her gibi ama veya ya sonra önce olarak olan
        oldu olur var yok iki üç dört beş altı yedi sekiz dokuz on yirmi otuz kırk elli yüz bin tane toplam kalan
        kaldı şimdi ise sadece hem onun ona onu onlar bunu bunun biri tüm bütün hepsi arasında içinde üzerinde göre
        yarısı katı kez gün hafta ay yıl saat dakika kişi adet eder alır alıyor verir veriyor satar satıyor vardır
        olduğunu adım diğer aynı fazla az eğer ki değil nedir neden şey ilk böylece elde insan insanlar para ev evde
        okul okulda arkadaş arkadaşı arkadaşına çocuk çocuklar anne annesi baba babası kardeş kardeşi aile kitap
        kitabı su yemek araba iş fiyat fiyatı sayısı pazartesi salı çarşamba perşembe cuma cumartesi pazar adam kadın
        kız aldı sattı verdi yaptı gider istiyor gerekir ihtiyacı eşit üçte dörtte kutu kutuya çanta oda masa gece
        sabah yeni eski büyük küçük iyi birlikte başka kendi bilmek dedi burada orada niçin düzine kazanıyor yiyor
        okuyor ödüyor diye ancak bizim benim tarafından sahip sahiptir ardından geriye ediyor ederse
    """,
    "vi": """
        và của là có cho các những một hai ba bốn năm sáu bảy tám chín mười trăm với trong được không đã đang sẽ này
        đó để khi thì mà ở từ đến ra vào lên xuống cũng như nhiều ít hơn mỗi bao nhiêu mấy số người anh chị cô ấy ông
        bà họ nó tôi bạn còn lại tất cả tổng cộng sau trước giờ ngày tuần tháng phút gấp lần nửa mua bán tiền bị bằng
        về nếu vì nên rồi phải làm đồng chiếc cái con quyển bước thêm nữa hết trên dưới đi trả mất nhà trường trẻ em
        mẹ cha bố gia đình sách nước xe việc giá thứ nhật đàn trai gái lấy muốn cần phần tư hộp túi phòng bàn đêm sáng
        mới cũ lớn nhỏ tốt cùng gì mình biết nói đây tại sao tá kiếm ăn đọc khác vậy chúng ta đều quả
    """,
    "sw": """
        na ya wa kwa ni za la cha vya katika kila yake wake zake lake chake vyake wao yao zao ana alikuwa ilikuwa
        walikuwa zilikuwa wana ina zina kuna kama au hii hiyo hizo hizi huo huu hao hawa yule hilo hili moja mmoja
        mbili wawili tatu watatu nne wanne tano watano sita saba nane tisa kumi ishirini mia ngapi wangapi mangapi
        mingapi zingapi kiasi gani jumla baada kabla kisha halafu lakini pia sasa tu zaidi kuliko sana bado wote zote
        yote kati hadi mpaka kutoka kwenye ikiwa ambao ambayo ambaye ambazo mwenye wenye yenye zenye watu mtu siku
        wiki mwezi mwaka miaka saa dakika nusu mara hakuna je basi hivyo kwamba mwa pamoja tena mwisho mwanzo anataka
        anahitaji ananunua alinunua anauza aliuza anapata alipata anatumia alitumia kununua kuuza dola idadi nyingine
        mwingine wengine kwanza hatua hiki hicho wakati ile wale vile iwapo anaweza wanaweza bei pesa nyumba nyumbani
        shule shuleni rafiki marafiki mtoto watoto mama baba kaka dada familia kitabu vitabu maji chakula gari kazi
        jumatatu jumanne jumatano alhamisi ijumaa jumamosi jumapili mwanaume mwanamke mvulana msichana alitoa
        alichukua alifanya anaenda anapenda sawa theluthi robo sanduku masanduku mfuko mifuko chumba meza usiku
        asubuhi mpya kubwa ndogo nzuri kitu vitu mwenyewe anajua anasema hapa pale kwanini dazeni anakula anasoma
        analipa anachukua anatoa anafanya anafanyakazi alikula alilipa aliweka anaweka ila ingawa wangu wetu ambapo
        anaishi zilizobaki waliobaki vilivyobaki iliyobaki akiwa kuwa kupata kutumia kufanya kulipa kimoja viwili
        vitatu vinne vitano vingapi alianza anabaki amebaki atakuwa watakuwa ikawa asilimia lita kilo bila baadaye
    """,
    "ru": """
        и в на с не он она они оно его её ее их ей ему им у за по из от до к о об что как это то а но если когда где
        кто сколько был была было были есть будет для со во чтобы все всего всех каждый каждая каждое каждого каждой
        каждую один одна одно два две три четыре пять шесть семь восемь девять десять двенадцать двадцать сто после
        перед через между больше меньше чем затем потом теперь ещё еще уже только также тоже или при под день дня дней
        неделю недели недель месяц год года лет час часа часов минут половину половина раз раза стоит стоят покупает
        продаёт продает может можно нужно тогда него неё нее них осталось остаётся остается шаг итак который которые
        люди людей человек человека деньги денег дом дома школа школу школе друг друзей друзья друзьям дети детей
        ребенок ребёнок мать мама отец папа брат сестра семья книга книги книг вода воды еда машина работа работу цена
        количество понедельник вторник среду четверг пятницу субботу воскресенье мужчина женщина мальчик девочка купил
        купила продал продала дал дала взял сделал идет идёт хочет надо поровну равные треть четверть часть коробка
        коробки сумка комната стол столе ночь утро утром новый новая старый большой маленький хороший вместе другой
        другие другим свой свои своих своей своего знать говорит здесь там почему дюжина зарабатывает ест читает
        платит берет берёт получает тратит потому однако наш мой себе себя сейчас ли бы же вот ну да штук общее
    """,
    "bg": """
        и в на с не той тя те то го я ги му ѝ им у за по из от до към о че как това този тази тези а но ако когато
        къде кой коя колко е са бе беше бяха има имат имаше имаха ще със във да се си всички всеки всяка всяко един
        една едно два две три четири пет шест седем осем девет десет дванадесет двадесет сто след преди през между
        повече малко колкото после сега още вече само също или при под ден дни седмица седмици месец година години час
        часа часове минути половината половина пъти струва струват купува продава дава може трябва тогава него нея тях
        остават остана стъпка който която които общо броя брой ли без хора човек пари къща вкъщи училище приятел
        приятели приятелка деца дете майка баща брат сестра семейство книга книги вода храна кола работа цена
        понеделник вторник сряда четвъртък петък събота неделя мъж жена момче момиче купи даде взе направи иска нужни
        поравно равни трета четвърт част кутия кутии чанта стая маса масата нощ сутрин сутринта нов нова стар голям
        голяма малък добър заедно друг друга други другите свой своите казва тук там защо дузина печели яде чете плаща
        взема получава харчи защото обаче наш мой тъй бъде бил била било били
    """,
}

LANGUAGES = tuple(WORDS)
POINTS = 12  # of a word that one language alone lists; those who share a word share its points


@cache
def lexicon() -> dict[str, tuple[str, ...]]:
    """Word -> the languages that list it."""
    languages: dict[str, dict[str, None]] = {}
    for language, words in WORDS.items():
        for word in words.split():
            languages.setdefault(word, {})[language] = None
    return {word: tuple(listed) for word, listed in languages.items()}


@cache
def _packed_points() -> dict[str, int]:
    """Word -> its points, 32 bits for each language side by side, so that adding up words is adding whole numbers."""
    return {
        word: sum(POINTS // len(listed) << 32 * LANGUAGES.index(language) for language in listed)
        for word, listed in lexicon().items()
    }


def count_words(texts: Sequence[str]) -> np.ndarray:
    """(texts, languages of WORDS): the points of the common words in texts of letters in lower case."""
    get, size = _packed_points().get, 4 * len(LANGUAGES)
    sums = (sum(map(get, text.split(), repeat(0))) for text in texts)
    packed = b"".join(value.to_bytes(size, "little") for value in sums)
    return np.frombuffer(packed, dtype="<u4").reshape(len(texts), len(LANGUAGES)).astype(np.int64)
